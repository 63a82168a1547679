import Foundation

/// A client's connection that blocks: small, independent of everything under test, and indifferent to what is sent.
final class HTTPConnection {
    private let socket: Socket
    private let port: Int
    private var received: [UInt8] = []

    init(port: Int, limit: Duration = .seconds(20)) throws {
        self.port = port
        socket = try Socket.connected(to: port, limit: limit)
    }

    func send(_ bytes: some Collection<UInt8>) {
        socket.send(bytes)
    }

    func send(_ text: String) {
        socket.send(text.utf8)
    }

    /// Sends a request and waits for its answer, which is judged in the end, see `Exchanges`.
    func exchange(_ request: HTTPCall) throws -> HTTPReply {
        send(request.bytes)
        let reply = try reply()
        Exchanges.ofTests.keep(request, reply, at: port)
        return reply
    }

    /// The next answer, whole; throws when it is cut, late, or not HTTP.
    func reply() throws -> HTTPReply {
        var reply = try head()
        if reply.status == 204 || reply.status == 304 { return reply }
        if reply.fields["transfer-encoding"] == "chunked" {
            while true {
                let line = try take(through: "\r\n")
                guard let count = Int(line.prefix { $0 != ";" && $0 != "\r\n" }, radix: 16) else {
                    throw Failure("not a chunk size: \(line)")
                }
                reply.body += try take(count)
                guard try take(2) == Array("\r\n".utf8) else { throw Failure("a chunk without its end") }
                if count == 0 { return reply }
            }
        }
        if let length = reply.fields["content-length"].flatMap({ Int($0) }) {
            reply.body = try take(length)
            return reply
        }
        if reply.status == 202 { return reply }
        while true {
            let more = try socket.receive()
            guard !more.isEmpty else { break }
            received += more
        }
        reply.body = received
        received = []
        return reply
    }

    /// The head of the next answer; the body stays unread.
    func head() throws -> HTTPReply {
        let head = try take(through: "\r\n\r\n").components(separatedBy: "\r\n")
        let line = head[0].split(separator: " ", maxSplits: 2)
        guard line.count >= 2, line[0] == "HTTP/1.1", let status = Int(line[1]) else {
            throw Failure("not a status line: \(head[0])")
        }
        var fields: [String: String] = [:]
        for field in head.dropFirst() where !field.isEmpty {
            guard let colon = field.firstIndex(of: ":") else { throw Failure("not a field: \(field)") }
            let value = field[field.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            fields[field[..<colon].lowercased()] = value
        }
        return HTTPReply(status: status, fields: fields, body: [])
    }

    /// Waits until the peer ends the connection, dropping what it still sends; throws when it does not.
    func waitForEnd() throws {
        while try !socket.receive().isEmpty {}
    }

    /// Reads until `text` has come at least `count` times in what was received, and returns all of it.
    func take(through text: String) throws -> String {
        let end = Array(text.utf8)
        var searched = 0
        while true {
            if let found = received.firstRange(of: end, from: searched) {
                defer { received.removeSubrange(..<found.upperBound) }
                return String(decoding: received[..<found.upperBound], as: UTF8.self)
            }
            searched = max(received.count - end.count, 0)
            try receiveMore()
        }
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while received.count < count { try receiveMore() }
        defer { received.removeSubrange(..<count) }
        return Array(received.prefix(count))
    }

    private func receiveMore() throws {
        let more = try socket.receive()
        guard !more.isEmpty else { throw Failure("the connection ended after: \(received.suffix(300))") }
        received += more
    }
}

@available(*, unavailable)
extension HTTPConnection: Sendable {}
