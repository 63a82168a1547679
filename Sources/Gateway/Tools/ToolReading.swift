import NIOCore
import Transport
import Wire

/// One reading of the whole list of tools of a backend, all of its pages.
///
/// ```
/// modern:  tools/list ─▶ tools/list (cursor) …
///   │ no such method
///   ▼
/// legacy:  initialize ─▶ notifications/initialized ─▶ tools/list ─▶ tools/list (cursor) … ─▶ (DELETE)
/// ```
///
/// Belongs to its loop.
final class ToolReading {
    /// Longer lists are not read.
    static let maximumPages = 64
    /// Bytes of a page.
    static let maximumPage = 1 << 20

    /// What has come of it.
    enum Outcome {
        /// These are the tools; `era` is how they were asked for.
        case read(ToolTraits, MCPEra)
        /// An answer has come that cannot be used.
        case malformed(ToolListPage.Flaw)
        /// The backend does not list its tools for the gateway, or not now.
        case refused(ListeningMachine.Refusal)
    }

    private let requests: ListeningRequests
    private let errands: BackendErrands
    private var handler: ((Outcome) -> Void)?
    /// The eras to try, the next one first.
    private var eras: ArraySlice<MCPEra>
    private var era = MCPEra.modern
    private var session: ListeningRequests.Session?
    private var traits = ToolTraits()
    private var pageCount = 0
    private var scratch = JSONScratch(seed: 0)

    /// A reading that begins at once, in the first of `eras` that the backend speaks; `connect` starts an exchange.
    init(
        _ requests: ListeningRequests, eras: [MCPEra], on eventLoop: any EventLoop,
        connect: @escaping (BackendExchange) -> Void, handler: @escaping (Outcome) -> Void
    ) {
        self.requests = requests
        self.eras = eras[...]
        self.handler = handler
        errands = BackendErrands(maximumWaiting: 4, on: eventLoop, connect: connect)
        begin()
    }

    /// Ends it; nothing more is told. `done` is called when the backend knows that the session is over.
    func close(_ done: @escaping () -> Void = {}) {
        handler = nil
        errands.dropWaiting()
        guard let session, session.id != nil else {
            errands.close()
            return done()
        }
        self.session = nil
        // Kept by what it waits for.
        errands.send(requests.delete(session)) { [errands] _, _ in
            errands.close()
            done()
        }
    }

    private func begin() {
        guard let next = eras.popFirst() else { return tell(.refused(.notOffered)) }
        era = next
        switch next {
        case .modern: ask(after: nil)
        case .legacy: initialize()
        }
    }

    // MARK: Sessions

    private func initialize() {
        var sessionID: [UInt8]?
        errands.send(requests.initialize(), onHead: { sessionID = $0 }) { [weak self] status, message in
            self?.initialized(status, sessionID, message)
        }
    }

    private func initialized(_ status: Int, _ sessionID: [UInt8]?, _ message: ByteBuffer) {
        guard status != 0 else { return refused(.failed) }
        message.withByteView { bytes in
            let envelope = try? JSONRPCEnvelope.scan(bytes, scratch: &scratch)
            guard let envelope, envelope.kind == .result, let text = envelope.resultProtocolVersion,
                let version = MCPProtocolVersion(text: text, in: bytes)
            else {
                return refused(ListeningMachine.Refusal(status: status, errorCode: envelope?.errorCode))
            }
            let session = ListeningRequests.Session(id: sessionID, version: Array("\(version.text)".utf8))
            self.session = session
            errands.send(requests.initialized(session)) { [weak self] status, _ in
                guard let self, handler != nil else { return }
                guard status != 0, status < 400 else { return refused(.failed) }
                ask(after: nil)
            }
        }
    }

    // MARK: Pages

    private func ask(after cursor: [UInt8]?) {
        guard pageCount < ToolReading.maximumPages else { return tell(.malformed(.tooManyPages)) }
        pageCount += 1
        let id = "tools-\(pageCount)"
        let request =
            session.map { requests.listTools(after: cursor, id: id, $0) } ?? requests.listTools(after: cursor, id: id)
        errands.send(request) { [weak self] status, message in self?.receive(status, message, id) }
    }

    private func receive(_ status: Int, _ message: ByteBuffer, _ id: String) {
        guard handler != nil else { return }
        guard status != 0 else { return refused(.failed) }
        guard message.readableBytes <= ToolReading.maximumPage else { return tell(.malformed(.tooLarge)) }
        message.withByteView { bytes in
            guard let envelope = try? JSONRPCEnvelope.scan(bytes, scratch: &scratch) else {
                guard status == 200 else { return refused(ListeningMachine.Refusal(status: status, errorCode: nil)) }
                return tell(.malformed(.notJSONRPC))
            }
            switch envelope.kind {
            case .error:
                refused(ListeningMachine.Refusal(status: status, errorCode: envelope.errorCode))
            case .result where status == 200:
                read(envelope, bytes, id)
            case .result, .request, .notification, .batch:
                tell(.malformed(.notJSONRPC))
            }
        }
    }

    private func read(_ envelope: JSONRPCEnvelope, _ bytes: ByteView, _ id: String) {
        guard let answered = envelope.id, bytes[answered.range].bytes.elementsEqual("\"\(id)\"".utf8) else {
            return tell(.malformed(.otherID))
        }
        do throws(ToolListPage.Flaw) {
            let page = try ToolListPage(envelope, in: bytes, addingTo: &traits)
            guard let cursor = page.nextCursor else { return tell(.read(traits, era)) }
            ask(after: cursor)
        } catch {
            tell(.malformed(error))
        }
    }

    // MARK: The end

    private func refused(_ refusal: ListeningMachine.Refusal) {
        guard handler != nil else { return }
        // A backend that has no such thing in this era may have it in another. In the middle of a list, it is a failure.
        guard pageCount <= 1, refusal != .failed else { return tell(.refused(.failed)) }
        guard era == .modern, !eras.isEmpty else { return tell(.refused(refusal)) }
        pageCount = 0
        begin()
    }

    private func tell(_ outcome: Outcome) {
        guard let handler else { return }
        // Goes on alone until the session is over.
        close()
        handler(outcome)
    }
}

@available(*, unavailable)
extension ToolReading: Sendable {}
