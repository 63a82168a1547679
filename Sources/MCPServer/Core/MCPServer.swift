public import Logging
import NIOCore
public import Wire

/// An MCP server of both eras, independent of how messages reach it.
///
/// A transport reads a message, finds out its revision and hands it to `receive`; what comes back is the text of the
/// answer and what it means for the transport (an HTTP status, a session to be opened). Nothing here waits for I/O or
/// knows of connections, so the same value serves HTTP, standard input and tests. Kept between messages are only the
/// catalog of what is offered, the tasks, and who is to be told of changes; copies of the value share these.
///
/// ```
/// transport ──▶ IncomingMessage(body, envelope, version) ──▶ receive ──▶ Reply ──▶ transport
///                                                             │   ▲
///                                               Tool.run, Resource.read
/// ```
///
/// All lists are written once, for each revision; when what is offered changes, they are written anew.
public struct MCPServer: Sendable {
    /// Elements that a batch of revision 2025-03-26 may have; beyond it the batch is refused.
    public static let maximumBatchCount = 100

    /// Who the server says it is.
    public let info: ServerInfo
    /// The eras whose clients are served.
    public let eras: Set<MCPEra>
    /// Guidance for models that the server gives with its capabilities.
    public let instructions: String?
    let catalogs: CatalogBox
    let manner: PreparedAnswers.Manner
    let changes = ChangeHub()
    let tasks = TaskStore()
    let sealer: StateSealer
    let logger: Logger

    /// A server with these tools, resources and prompts.
    ///
    /// Names of tools and prompts and URIs of resources must be unique, schemas must be JSON objects: anything else is a mistake in
    /// the program and ends it here, at the start, with a sentence that says which. What a running server is to offer
    /// instead is checked by the `replace` functions, which throw.
    ///
    /// - Parameters:
    ///   - eras: a server of one era answers clients of the other as servers do that know only their own.
    ///   - pageSize: entries of a list that go into one page, 1….
    ///   - stateKey: 32 bytes of chance or more, with which the state of calls is sealed whose clients are asked something. Servers
    ///     that share calls need the same one; without, a client can come back to this process only.
    ///   - logger: gets the errors that handlers throw; clients only see a fixed text.
    public init(
        _ info: ServerInfo, instructions: String? = nil, tools: [any Tool] = [], resources: [any Resource] = [],
        templates: [any ResourceTemplate] = [], prompts: [any Prompt] = [], pageSize: Int = 1_000,
        eras: Set<MCPEra> = [.legacy, .modern], stateKey: [UInt8]? = nil, logger: Logger
    ) {
        precondition(!eras.isEmpty, "a server serves one era or both")
        precondition(pageSize > 0, "a page has one entry or more")
        self.info = info
        self.eras = eras
        self.instructions = instructions
        self.logger = logger
        sealer = StateSealer(secret: stateKey)
        manner = PreparedAnswers.Manner(info: info, instructions: instructions, pageSize: pageSize, eras: eras)
        do throws(CatalogError) {
            let catalog = try Catalog(
                tools: tools.map { RegisteredTool($0) }, resources: resources.map { RegisteredResource($0) },
                templates: templates.map { RegisteredTemplate($0) }, prompts: prompts, manner)
            catalogs = CatalogBox(catalog)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    var tools: [RegisteredTool] { catalogs.current.tools }
    var resources: [RegisteredResource] { catalogs.current.resources }
    var templates: [RegisteredTemplate] { catalogs.current.templates }
    var prompts: [any Prompt] { catalogs.current.prompts }
    var prepared: PreparedAnswers { catalogs.current.prepared }

    /// Answers one message. Never fails: whatever is wrong with the message is said in the answer.
    ///
    /// The reply is ready at once unless an asynchronous handler is needed; nothing has run yet in a pending reply.
    public func receive(_ message: IncomingMessage) -> Reply {
        switch message.envelope.kind {
        case .request: receiveRequest(message)
        case .notification: .ready(receiveNotification(message))
        case .result, .error: .ready(receiveAnswer(message))
        case .batch: receiveBatch(message)
        }
    }

    private func receiveAnswer(_ message: IncomingMessage) -> Answer {
        message.session?.receiveAnswer(message)
        return .accepted(.unknown)
    }

    private func receiveNotification(_ message: IncomingMessage) -> Answer {
        let method = method(of: message)
        if method == .notificationsCancelled, let session = message.session, let params = message.envelope.params {
            message.body.withByteView { bytes in
                let id = JSONMembers.value(of: "requestId", in: params, bytes).flatMap {
                    ClientSession.RequestID(valueAt: $0, bytes)
                }
                if let id { session.cancel(id) }
            }
        }
        return .accepted(method)
    }

    // MARK: Batches (2025-03-26 only)

    private func receiveBatch(_ message: IncomingMessage) -> Reply {
        var replies: [Reply] = []
        var isTooLong = false
        message.body.withByteView { bytes in
            var scratch = JSONScratch(seed: UInt64.random(in: .min ... .max))
            var elements = JSONMembers(bytes, in: ByteRange(start: 0, length: bytes.count))
            while let element = elements.next() {
                guard replies.count < MCPServer.maximumBatchCount else {
                    isTooLong = true
                    return
                }
                let range = element.value
                guard
                    let slice = message.body.getSlice(
                        at: message.body.readerIndex &+ Int(range.start), length: range.count),
                    let envelope = try? JSONRPCEnvelope.scan(bytes[range], scratch: &scratch), envelope.kind != .batch
                else {
                    replies.append(.ready(.failure(.invalidRequest("not a JSON-RPC message"), to: nil, .unknown)))
                    continue
                }
                let single = IncomingMessage(
                    body: slice, envelope: envelope, version: message.version, session: message.session)
                replies.append(receiveInBatch(single))
            }
        }
        if isTooLong || replies.isEmpty {
            let text = "a batch has 1 to \(MCPServer.maximumBatchCount) messages"
            return .ready(.failure(.invalidRequest(text), to: nil, .unknown, status: 400))
        }
        return Reply.joined(replies)
    }

    private func receiveInBatch(_ message: IncomingMessage) -> Reply {
        guard message.envelope.kind == .request, method(of: message) == .initialize else { return receive(message) }
        return .ready(.failure(.invalidRequest("initialize cannot be part of a batch"), to: message, .initialize))
    }
}
