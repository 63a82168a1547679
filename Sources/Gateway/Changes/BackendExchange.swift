import NIOCore
import Transport
import Wire

/// One request of the gateway's own to a backend, and what comes back: one JSON body, or the events of a stream.
///
/// Belongs to its loop. After `end` it tells nothing more.
final class BackendExchange: HTTPClientDelegate {
    /// What happens, in this order: a head, messages and comments, an end. Or an end alone.
    enum Event {
        /// The head has come; `session` is the id that it gives.
        case head(status: Int, isStream: Bool, session: [UInt8]?)
        /// The data of one event, or the body of an answer that is none.
        case message(ByteBuffer)
        /// Something without a message.
        case comment
        /// There is nothing more. `isWhole` if it ended as HTTP says; `hasBegun` if the head had come.
        case end(isWhole: Bool, hasBegun: Bool)
    }

    /// Bytes of a body that is no stream.
    private static let maximumBody = 1 << 20
    /// Bytes of an event id that is given back.
    private static let longestEventID = 1_024

    private let request: ByteBuffer
    private var handler: ((Event) -> Void)?
    private let http: HTTPClientConnection
    private var body = ByteBuffer()
    private var events = SSEParser()
    /// Whether the answer is a stream of events.
    private(set) var isStream = false
    private var hasBegun = false

    /// The id of the last event that had one which can be given back in a head.
    private(set) var lastEventID: [UInt8]?
    /// How long the backend wants to be left alone before it is asked for the rest.
    private(set) var retry: Duration?

    /// A request, `bytes` as they go out, over a connection of its own or over `http`, which must be idle.
    init(_ bytes: ByteBuffer, over http: HTTPClientConnection? = nil, handler: @escaping (Event) -> Void) {
        request = bytes
        self.http = http ?? HTTPClientConnection()
        self.handler = handler
    }

    /// The connection, for the next request, if it can take one.
    var reusableConnection: HTTPClientConnection? { http.isReusable ? http : nil }

    /// Sends the request, after connecting if there is no connection yet.
    func start(to address: BackendAddress, timeout: TimeAmount, network: any Network, on loop: any EventLoop) {
        http.delegate = self
        if http.isReusable {
            http.send(request)
        } else {
            network.connect(to: address, timeout: timeout, on: loop, connection: http)
        }
    }

    /// Ends it; nothing more is told.
    func close() {
        handler = nil
        http.close()
    }

    private func end(isWhole: Bool) {
        guard let handler else { return }
        self.handler = nil
        http.delegate = nil
        if !http.isReusable { http.close() }
        handler(.end(isWhole: isWhole, hasBegun: hasBegun))
    }

    func connected(_ connection: HTTPClientConnection) { connection.send(request) }

    func answerHead(on connection: HTTPClientConnection) {
        hasBegun = true
        let head = connection.answerHead
        isStream =
            head.answerField(.contentType)?.withoutParameters.equalsIgnoringCase("text/event-stream") ?? false
            && head.response.status == 200
        handler?(
            .head(
                status: head.response.status, isStream: isStream,
                session: head.answerField(.mcpSessionID).flatMap { BackendExchange.printable($0) }))
    }

    func answerBody(_ piece: ByteBuffer, on connection: HTTPClientConnection) {
        body.writeImmutableBuffer(piece)
        if isStream {
            takeEvents()
        } else if body.readableBytes > BackendExchange.maximumBody {
            end(isWhole: false)
        }
    }

    private func takeEvents() {
        while handler != nil {
            do throws(SSEError) {
                guard let block = try events.next(in: body) else { break }
                let (id, retry, data) = body.withByteView { bytes in
                    (
                        block.id.map { bytes[$0].bytes }, block.retry.map { bytes[$0].bytes },
                        block.isMessage ? ByteBuffer(bytes: block.joinedData(in: bytes)) : nil
                    )
                }
                body.moveReaderIndex(forwardBy: block.byteCount)
                if let id { note(id) }
                if let retry { self.retry = .milliseconds(Int64(String(decoding: retry, as: UTF8.self)) ?? .max / 2) }
                handler?(data.map { .message($0) } ?? .comment)
            } catch {
                return end(isWhole: false)
            }
        }
        body.discardReadBytes()
    }

    private func note(_ id: [UInt8]) {
        lastEventID =
            id.count <= BackendExchange.longestEventID
            ? id.withUnsafeBytes { BackendExchange.printable(ByteView($0)) } : nil
    }

    /// A copy of `text` if it is visible ASCII and not empty.
    private static func printable(_ text: ByteView) -> [UInt8]? {
        let bytes = text.bytes
        return !bytes.isEmpty && bytes.allSatisfy { (0x21...0x7E).contains($0) } ? bytes : nil
    }

    func answerReadComplete(on connection: HTTPClientConnection) {}

    func answerEnd(on connection: HTTPClientConnection) {
        if !isStream { handler?(.message(body)) }
        end(isWhole: true)
    }

    func exchangeFailed(_ failure: HTTPClientFailure, on connection: HTTPClientConnection) { end(isWhole: false) }

    func closedWhileIdle(_ connection: HTTPClientConnection) { end(isWhole: false) }
}

@available(*, unavailable)
extension BackendExchange: Sendable {}
