import NIOCore
import Wire

/// What the head of a request must be like before its body is read (MCP 2026-07-28, validation order, 1).
struct EndpointRules: Sendable {
    /// What a request is for.
    enum Target {
        /// The MCP endpoint.
        case endpoint
        /// The event stream of HTTP+SSE.
        case eventStream
        /// Where clients of HTTP+SSE post.
        case messages
        /// The page at this position in the settings.
        case page(Int)
        /// The streaming page at this position in the settings.
        case stream(Int)
    }

    /// Whether a request may go on.
    enum Verdict {
        case pass(Target)
        case fail(GatewayFailure)
    }

    private let callers: CallerRules
    private let path: [UInt8]
    private let eventStreamPath: [UInt8]
    private let messagesPath: [UInt8]
    private let hasEventStreams: Bool
    private let pagePaths: [[UInt8]]
    private let streamPaths: [[UInt8]]
    private let hasSessions: Bool
    private let hasStreams: Bool

    init(_ settings: HTTPServerSettings, eras: Set<MCPEra>, port: Int) {
        callers = CallerRules(settings, port: port)
        path = Array(settings.path.utf8)
        eventStreamPath = Array(settings.eventStreamPath.utf8)
        messagesPath = Array(settings.messagesPath.utf8)
        hasEventStreams = settings.servesHTTPSSE && eras.contains(.legacy)
        pagePaths = settings.pages.map { Array($0.path.utf8) }
        streamPaths = settings.streamPages.map { Array($0.path.utf8) }
        hasSessions = settings.hasSessions && eras.contains(.legacy)
        hasStreams = hasSessions && settings.streamsAnswers
    }

    /// Judges a head.
    func judge(_ head: borrowing HTTPRequestHead, _ bytes: ByteView) -> Verdict {
        let fields = head.fields
        if let host = fields[.host], !callers.allowsHost(bytes[host]) { return .fail(.misdirectedRequest) }
        if fields.isRepeated(.origin) || fields.isRepeated(.authorization) || fields.isRepeated(.contentType)
            || fields.isRepeated(.mcpSessionID) || fields.isRepeated(.lastEventID)
        {
            return .fail(.badRequest)
        }
        if let origin = fields[.origin], !callers.allowsOrigin(bytes[origin]) { return .fail(.originNotAllowed) }
        // This is no proxy, and an echo of the head would show what it holds (RFC 9110 §9.3.6, §9.3.8).
        if head.method == .connect || head.method == .trace { return .fail(.methodNotAllowed) }
        let requested = bytes[head.path]
        if requested.equals(path) { return judgeEndpoint(head, bytes) }
        if isEventStream(requested) {
            guard head.method == .get else { return .fail(.methodNotAllowed) }
            let accepts = EndpointRules.accepts("text/event-stream", "text/*", fields, bytes)
            return accepts ? .pass(.eventStream) : .fail(.notAcceptable)
        }
        if isMessages(requested) {
            guard head.method == .post else { return .fail(.methodNotAllowed) }
            return checkBody(head, bytes).map { .fail($0) } ?? .pass(.messages)
        }
        if let page = streamPaths.firstIndex(where: { requested.equals($0) }) {
            return judgeStream(head, bytes).map { .fail($0) } ?? .pass(.stream(page))
        }
        guard let page = pagePaths.firstIndex(where: { requested.equals($0) }) else { return .fail(.notFound) }
        return head.method == .get || head.method == .head ? .pass(.page(page)) : .fail(.methodNotAllowed)
    }

    /// Whether this is the path of the MCP endpoint.
    func isEndpoint(_ requested: ByteView) -> Bool {
        requested.equals(path)
    }

    /// Whether this is the path of the event stream of HTTP+SSE.
    func isEventStream(_ requested: ByteView) -> Bool {
        hasEventStreams && requested.equals(eventStreamPath)
    }

    /// Whether this is the path to which clients of HTTP+SSE post.
    func isMessages(_ requested: ByteView) -> Bool {
        hasEventStreams && requested.equals(messagesPath)
    }

    /// Whether this is the path of a streaming page.
    func isStream(_ requested: ByteView) -> Bool {
        streamPaths.contains { requested.equals($0) }
    }

    /// The era in which a request is answered that is refused before its body is known.
    static func era(_ fields: HTTPFields, _ bytes: ByteView) -> MCPEra {
        guard let version = fields[.mcpProtocolVersion] else { return .legacy }
        return MCPProtocolVersion(bytes[version])?.era ?? .legacy
    }

    private func judgeEndpoint(_ head: borrowing HTTPRequestHead, _ bytes: ByteView) -> Verdict {
        switch head.method {
        case .post: checkPost(head, bytes).map { .fail($0) } ?? .pass(.endpoint)
        case .delete where hasSessions: .pass(.endpoint)
        case .get where hasStreams:
            EndpointRules.accepts("text/event-stream", "text/*", head.fields, bytes)
                ? .pass(.endpoint) : .fail(.notAcceptable)
        default: .fail(.methodNotAllowed)
        }
    }

    private func judgeStream(_ head: borrowing HTTPRequestHead, _ bytes: ByteView) -> GatewayFailure? {
        guard head.method == .post else { return .methodNotAllowed }
        if let failure = checkBody(head, bytes) { return failure }
        return EndpointRules.accepts("text/event-stream", "text/*", head.fields, bytes) ? nil : .notAcceptable
    }

    private func checkPost(_ head: borrowing HTTPRequestHead, _ bytes: ByteView) -> GatewayFailure? {
        if let failure = checkBody(head, bytes) { return failure }
        return acceptsAnswers(head.fields, bytes) ? nil : .notAcceptable
    }

    /// Whether a message in JSON is announced.
    private func checkBody(_ head: borrowing HTTPRequestHead, _ bytes: ByteView) -> GatewayFailure? {
        if head.framing == .none { return .lengthRequired }
        let fields = head.fields
        guard let type = fields[.contentType], bytes[type].withoutParameters.equalsIgnoringCase("application/json"),
            fields[.contentEncoding] == nil
        else { return .unsupportedMediaType }
        return nil
    }

    /// Whether `Accept` allows JSON or an event stream. Absent allows everything (RFC 9110 §12.5.1).
    private func acceptsAnswers(_ fields: borrowing HTTPFields, _ bytes: ByteView) -> Bool {
        guard fields[.accept] != nil else { return true }
        return EndpointRules.accepts("application/json", "application/*", fields, bytes)
            || EndpointRules.accepts("text/event-stream", "text/*", fields, bytes)
    }

    /// Whether `Accept` names this media type, its range, or everything. Absent allows everything.
    static func accepts(
        _ type: StaticString, _ range: StaticString, _ fields: borrowing HTTPFields, _ bytes: ByteView
    ) -> Bool {
        guard fields[.accept] != nil else { return true }
        for field in fields.all where field.id == .accept {
            var list = HTTPTokenList(bytes[field.value])
            while let element = list.next() {
                let name = element.withoutParameters
                if name.equals("*/*") || name.equalsIgnoringCase(type) || name.equalsIgnoringCase(range) { return true }
            }
        }
        return false
    }
}

extension ByteView {
    /// Whether the bytes are exactly those of `text`.
    fileprivate func equals(_ text: [UInt8]) -> Bool {
        text.withUnsafeBytes { equals(ByteView($0)) }
    }
}
