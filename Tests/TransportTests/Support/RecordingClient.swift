import NIOCore
import NIOPosix
import Transport
import Wire

/// A client delegate that writes down what it is told.
final class RecordingClient: HTTPClientDelegate {
    private(set) var log: [String] = []
    private(set) var body = ByteBuffer()
    /// Called after the event with its name has been written down.
    var onEvent: ((String, HTTPClientConnection) -> Void)?

    private func note(_ event: String, _ connection: HTTPClientConnection) {
        log.append(event)
        onEvent?(event, connection)
    }

    func connected(_ connection: HTTPClientConnection) { note("connected", connection) }

    func answerHead(on connection: HTTPClientConnection) {
        let bytes = connection.answerHead.bytes
        let text = connection.answerHead.response.fields.all.map {
            "\(bytes[$0.name].string)=\(bytes[$0.value].string)"
        }
        note("head \(connection.answerHead.response.status) \(text.joined(separator: ","))", connection)
    }

    func answerBody(_ piece: ByteBuffer, on connection: HTTPClientConnection) {
        body.writeImmutableBuffer(piece)
        // Pieces are joined, so that logs do not depend on how the input was cut.
        if log.last?.hasPrefix("body ") == true {
            log[log.count - 1] += String(buffer: piece)
            onEvent?("body", connection)
        } else {
            note("body \(String(buffer: piece))", connection)
        }
    }

    func answerReadComplete(on connection: HTTPClientConnection) {
        onEvent?("readComplete", connection)
    }

    func answerEnd(on connection: HTTPClientConnection) {
        note("end\(connection.isReusable ? "" : " last")", connection)
    }

    func exchangeFailed(_ failure: HTTPClientFailure, on connection: HTTPClientConnection) {
        note("failed \(failure)", connection)
    }

    func closedWhileIdle(_ connection: HTTPClientConnection) { note("closed", connection) }

    func clearLog() {
        log = []
        body = ByteBuffer()
    }
}

extension RecordingClient {
    /// Makes one exchange with `address` over a connection of its own, and brings back what was told of it.
    static func exchange(with address: BackendAddress, _ request: ByteBuffer) async throws -> [String] {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        return try await loop.flatSubmit { () -> EventLoopFuture<[String]> in
            let promise = loop.makePromise(of: [String].self)
            let client = RecordingClient()
            let connection = HTTPClientConnection()
            connection.delegate = client
            client.onEvent = { event, connection in
                if event == "connected" { connection.send(request) }
                guard event.hasPrefix("end") || event.hasPrefix("failed") || event == "closed" else { return }
                promise.succeed(client.log)
                client.onEvent = nil
                connection.close()
            }
            NIONetwork().connect(to: address, timeout: .seconds(5), on: loop, connection: connection)
            return promise.futureResult
        }.get()
    }
}
