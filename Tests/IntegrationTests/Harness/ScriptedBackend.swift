import Foundation
import Synchronization

/// A backend of raw sockets that does with each call what its script says, however wrong that is.
///
/// It answers the gateway's health checks like a well server, unless the script takes these too.
final class ScriptedBackend: Backend {
    /// One request as it came.
    struct Request: Sendable {
        var head: String
        var message: JSON
        /// The id as JSON text, `null` when there is none.
        var id: String

        var method: String { message["method"].string ?? "" }
    }

    /// What to do with a request.
    indirect enum Act: Sendable {
        /// A proper answer around this result.
        case result(String)
        /// These bytes, and then this.
        case raw([UInt8], Ending)
        /// Nothing until the gate opens, and then this.
        case wait(Gate, Act)

        static func bytes(_ text: String, _ ending: Ending = .keep) -> Act { .raw(Array(text.utf8), ending) }
    }

    /// What becomes of the connection after the bytes.
    enum Ending: Sendable {
        case keep, close, reset
    }

    private let listener: Socket
    private let script: @Sendable (Request) -> Act
    private let state = Mutex<State>(State())

    private struct State {
        var requests: [Request] = []
        var connections: [Socket] = []
        var isStopped = false
    }

    /// Listens at once; on any free port of `host` when `port` is 0.
    init(host: String = "127.0.0.1", port: Int = 0, _ script: @escaping @Sendable (Request) -> Act) throws {
        listener = try Socket.listening(on: port, host: host)
        Exchanges.ofTests.expect(false, at: listener.port)
        self.script = script
        let listener = listener
        Thread.detachNewThread { [weak self] in
            while let connection = listener.accept() {
                guard let backend = self, backend.keep(connection) else { return }
                Thread.detachNewThread { [weak backend] in backend?.serve(connection) }
            }
        }
    }

    deinit {
        stop()
    }

    var port: Int { listener.port }
    var url: String { "http://127.0.0.1:\(port)/mcp" }

    /// The calls of tools that have arrived.
    var calls: [Request] { state.withLock { $0.requests.filter { $0.method == "tools/call" } } }

    /// Everything that has arrived.
    var requests: [Request] { state.withLock { $0.requests } }

    /// Ends all connections and refuses new ones.
    func stop() {
        listener.shutDown()
        let connections = state.withLock { state in
            state.isStopped = true
            return state.connections
        }
        for connection in connections { connection.shutDown() }
    }

    private func keep(_ connection: Socket) -> Bool {
        state.withLock { state in
            state.connections.append(connection)
            return !state.isStopped
        }
    }

    private func serve(_ connection: Socket) {
        var received: [UInt8] = []
        while let request = ScriptedBackend.nextRequest(on: connection, &received) {
            state.withLock { $0.requests.append(request) }
            guard perform(act(on: request), request, on: connection) else { return }
        }
    }

    private func act(on request: Request) -> Act {
        let act = script(request)
        guard request.method != "subscriptions/listen" else {
            return .bytes(
                Answer.json(
                    #"{"jsonrpc":"2.0","id":null,"error":{"code":-32601,"message":"no such method"}}"#,
                    status: "404 Not Found"))
        }
        guard request.method == "server/discover" || request.method == "ping" else { return act }
        return .result(
            #"{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"#
                + #""ttlMs":0,"cacheScope":"public"}"#)
    }

    /// Returns whether the connection can take the next request.
    private func perform(_ act: Act, _ request: Request, on connection: Socket) -> Bool {
        switch act {
        case .result(let result):
            return connection.send(
                Answer.json(#"{"jsonrpc":"2.0","id":\#(request.id),"result":\#(result)}"#).utf8)
        case .raw(let bytes, let ending):
            connection.send(bytes)
            switch ending {
            case .keep: return true
            case .close: connection.shutDown()
            case .reset: connection.resetOnClose()
            }
            state.withLock { $0.connections.removeAll { $0 === connection } }
            return false
        case .wait(let gate, let act):
            gate.wait()
            return perform(act, request, on: connection)
        }
    }

    private static func nextRequest(on connection: Socket, _ received: inout [UInt8]) -> Request? {
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let found = received.firstRange(of: end, from: 0) {
                let head = String(decoding: received[..<found.upperBound], as: UTF8.self)
                let length = contentLength(head)
                if received.count - found.upperBound >= length {
                    let body = Array(received[found.upperBound...].prefix(length))
                    received.removeSubrange(..<(found.upperBound + length))
                    return Request(head: head, message: JSON(parsing: body), id: idText(body))
                }
            }
            guard let more = try? connection.receive(), !more.isEmpty else { return nil }
            received += more
        }
    }

    private static func contentLength(_ head: String) -> Int {
        let field = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
        return field.flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
    }

    private static func idText(_ body: [UInt8]) -> String {
        switch JSON(parsing: body)["id"] {
        case .int(let id): "\(id)"
        case .string(let id): "\"\(id)\""
        default: "null"
        }
    }

    /// Answers as text.
    enum Answer {
        static func json(_ body: String, status: String = "200 OK", fields: String = "") -> String {
            http(body, status: status, type: "application/json", fields: fields)
        }

        static func http(_ body: String, status: String = "200 OK", type: String, fields: String = "") -> String {
            "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        }
    }
}
