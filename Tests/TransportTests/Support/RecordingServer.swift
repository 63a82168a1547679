import NIOCore
import Transport
import Wire

/// A server delegate that writes down what it is told and answers as the test says.
final class RecordingServer: HTTPServerDelegate {
    /// What happened, in order.
    private(set) var log: [String] = []
    private(set) var requests: [HTTPServerRequest] = []
    private(set) var connection: HTTPServerConnection?

    /// Asked for each head; the path is given.
    var judge: (String) -> HTTPHeadVerdict = { _ in .accept(maximumBody: 1_048_576) }
    /// What is done with each request; without it the test answers itself.
    var handle: ((HTTPServerRequest, HTTPServerConnection) -> Void)?
    /// Whether the answers to malformed input say that the connection closes.
    var errorAnswersClose = true

    func verdict(on head: HTTPReceivedHead, connection: HTTPServerConnection) -> HTTPHeadVerdict {
        let path = head.bytes[head.request.path].string
        log.append("head \(path)")
        return judge(path)
    }

    func receive(_ request: HTTPServerRequest, on connection: HTTPServerConnection) {
        log.append("request \(request.path) \(String(buffer: request.body).prefix(40))")
        self.connection = connection
        // A copy: the connection uses its objects again.
        requests.append(
            HTTPServerRequest(HTTPReceivedHead(request: request.head, bytes: request.headBytes), body: request.body))
        handle?(request, connection)
    }

    func clientLeft(_ connection: HTTPServerConnection, isClosed: Bool) {
        log.append(isClosed ? "client gone" : "client sends no more")
    }

    func writabilityChanged(_ connection: HTTPServerConnection, isWritable: Bool) {
        log.append(isWritable ? "writable" : "not writable")
    }

    func answer(to error: HTTPError) -> HTTPAnswer {
        log.append("error \(error)")
        return HTTPAnswer(
            status: error.status, body: ByteBuffer(string: "\(error)"), closesConnection: errorAnswersClose)
    }

    func closed(_ connection: HTTPServerConnection) {
        log.append("closed")
    }

    func clearLog() { log = [] }
}

extension HTTPServerRequest {
    var path: String { headBytes[head.path].string }
}

extension HTTPServerConnection {
    /// Answers with 200 and `text`.
    func answer(_ text: String) {
        respond(HTTPAnswer(status: 200, body: ByteBuffer(string: text)))
    }
}
