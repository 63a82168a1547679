import NIOCore
import Transport
import Wire

/// What the head of a request must be like before its body is read (reliability: "HTTP/1.1", one row after another).
///
/// Knows nothing of one call or one connection, so each rule is a function of the head and the plan, and what was found of a
/// head holds for every other with the same bytes.
package final class HeadRules {
    /// The head is fine: read the body, and send the call to this pool.
    enum Verdict {
        case pass(pool: Int)
        case fail(GatewayFailure)
    }

    private let plan: GatewayPlan
    private let access: AccessRules

    /// The rules of `plan` on a listener with `access`.
    init(_ plan: GatewayPlan, access: AccessRules) {
        self.plan = plan
        self.access = access
    }

    /// Judges a head. Identity and limits first, so that nobody learns what is served before being let in.
    func judge(_ head: borrowing HTTPRequestHead, _ bytes: ByteView) -> Verdict {
        let fields = head.fields
        if let failure = checkNames(fields, bytes) { return .fail(failure) }
        guard let pool = route(bytes[head.path]) else { return .fail(.notFound) }
        switch head.method {
        case .post:
            if let failure = checkPost(head, bytes) { return .fail(failure) }
        case .get:
            // Nobody reads a body here, so none may come along to be read as something else by somebody behind us.
            guard hasNoBody(head) else { return .fail(.badRequest) }
            guard accepts(fields, bytes, json: false, eventStream: true) else { return .fail(.notAcceptable) }
        case .delete:
            guard hasNoBody(head) else { return .fail(.badRequest) }
        case .options, .head, .connect, .trace, .other:
            return .fail(.methodNotAllowed)
        }
        return .pass(pool: pool)
    }

    /// The era in which a request is answered that is refused before its body is known.
    static func era(_ fields: HTTPFields, _ bytes: ByteView) -> MCPEra {
        guard let version = fields[.mcpProtocolVersion] else { return .legacy }
        return MCPProtocolVersion(bytes[version])?.era ?? .legacy
    }

    private func route(_ path: ByteView) -> Int? {
        for route in plan.routes {
            let isMatch = route.path.withUnsafeBytes { path.equals(ByteView($0)) }
            if isMatch { return route.pool }
        }
        return nil
    }

    /// `Host`, `Origin`, and fields that two readers could read differently because they are there twice.
    private func checkNames(_ fields: borrowing HTTPFields, _ bytes: ByteView) -> GatewayFailure? {
        if let host = fields[.host], !access.allowsHost(bytes[host]) { return .misdirectedRequest }
        if fields.isRepeated(.origin) || fields.isRepeated(.authorization) || fields.isRepeated(.contentType)
            || fields.isRepeated(.mcpSessionID)
        {
            return .badRequest
        }
        if let origin = fields[.origin], !access.allowsOrigin(bytes[origin]) { return .originNotAllowed }
        return nil
    }

    private func checkPost(_ head: borrowing HTTPRequestHead, _ bytes: ByteView) -> GatewayFailure? {
        let fields = head.fields
        if head.framing == .none { return .lengthRequired }
        guard let type = fields[.contentType], bytes[type].withoutParameters.equalsIgnoringCase("application/json"),
            fields[.contentEncoding] == nil
        else { return .unsupportedMediaType }
        guard accepts(fields, bytes, json: true, eventStream: true) else { return .notAcceptable }
        if case .length(let count) = head.framing, count > plan.maximumBody { return .payloadTooLarge }
        return nil
    }

    private func hasNoBody(_ head: borrowing HTTPRequestHead) -> Bool {
        head.framing == .none || head.framing == .length(0)
    }

    /// Whether `Accept` allows one of the forms in which an answer may come. Absent allows everything (RFC 9110 §12.5.1).
    private func accepts(_ fields: borrowing HTTPFields, _ bytes: ByteView, json: Bool, eventStream: Bool) -> Bool {
        guard fields[.accept] != nil else { return true }
        for field in fields.all where field.id == .accept {
            var list = HTTPTokenList(bytes[field.value])
            while let element = list.next() {
                let type = element.withoutParameters
                if type.equals("*/*") { return true }
                if json, type.equalsIgnoringCase("application/json") || type.equalsIgnoringCase("application/*") {
                    return true
                }
                if eventStream, type.equalsIgnoringCase("text/event-stream") || type.equalsIgnoringCase("text/*") {
                    return true
                }
            }
        }
        return false
    }
}

extension AccessRules {
    /// Whether a request to `host` (with or without a port) is for this gateway.
    func allowsHost(_ host: ByteView) -> Bool {
        if hosts.isEmpty { return true }
        return hosts.contains { allowed in
            allowed.withUnsafeBytes { raw in
                let view = ByteView(raw)
                if host.equalsIgnoringCase(view) { return true }
                // A rule without a port is for every port.
                guard host.count > view.count, host[view.count] == UInt8(ascii: ":") else { return false }
                return host.slice(from: 0, to: view.count).equalsIgnoringCase(view)
                    && (view[0] == UInt8(ascii: "[") || !view.contains(UInt8(ascii: ":")))
            }
        }
    }

    /// Whether pages from `origin` may call: only those that are listed, and never `null`.
    func allowsOrigin(_ origin: ByteView) -> Bool {
        origins.contains { allowed in
            allowed.withUnsafeBytes { origin.equalsIgnoringCase(ByteView($0)) }
        }
    }
}

extension ByteView {
    /// Whether the bytes are those of `other`, which is in lower case, when ASCII case is ignored.
    fileprivate func equalsIgnoringCase(_ other: ByteView) -> Bool {
        guard count == other.count else { return false }
        for offset in 0..<count {
            let byte = self[offset]
            let lower = byte &- 0x41 < 26 ? byte | 0x20 : byte
            if lower != other[offset] { return false }
        }
        return true
    }

    fileprivate func contains(_ byte: UInt8) -> Bool {
        for offset in 0..<count where self[offset] == byte { return true }
        return false
    }
}
