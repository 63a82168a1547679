public import NIOCore

/// Writes the JSON-RPC error that is the body of every error answer of the gateway's own.
public enum GatewayErrorBody {
    /// What is said besides code and text; each member goes out only when it is there.
    public struct Details {
        /// A more precise text than the failure's own: a literal that needs no escapes in JSON.
        public var message: StaticString?
        /// `data.retryAfterMs`: when to try again, in milliseconds, 0 or more.
        public var retryAfterMilliseconds: Int64?
        /// `data.pool`: the pool that failed.
        public var pool: String?
        /// `data.requested`: the version that a client asked for, as the content of a JSON string that was validated,
        /// escapes and all. Cut to 64 bytes.
        public var requestedVersion: ByteView?
        /// The eras whose revisions `data.supported` names.
        public var eras: Set<MCPEra> = [.legacy, .modern]

        /// Nothing to say, unless given.
        public init(message: StaticString? = nil, retryAfterMilliseconds: Int64? = nil, pool: String? = nil) {
            self.message = message
            self.retryAfterMilliseconds = retryAfterMilliseconds
            self.pool = pool
        }
    }

    private static let maximumRequestedByteCount = 64

    /// Appends the error that answers the request with `id`, which is written as it came: quotes, escapes and all. `nil`
    /// leaves the member out: no revision of MCP allows a null id.
    public static func write(
        _ failure: GatewayFailure, era: MCPEra, id: ByteView?, details: Details = Details(),
        into buffer: inout ByteBuffer
    ) {
        buffer.reserveCapacity(minimumWritableBytes: 256 + (id?.count ?? 0))
        buffer.writeStaticString("{\"jsonrpc\":\"2.0\"")
        if let id {
            buffer.writeStaticString(",\"id\":")
            buffer.writeBytes(id.raw)
        }
        buffer.writeStaticString(",\"error\":{\"code\":")
        buffer.writeDecimal(failure.jsonRPCCode(era))
        buffer.writeStaticString(",\"message\":\"")
        buffer.writeStaticString(details.message ?? failure.message)
        buffer.writeStaticString("\"")
        writeData(failure, details, into: &buffer)
        buffer.writeStaticString("}}")
    }

    private static func writeData(_ failure: GatewayFailure, _ details: Details, into buffer: inout ByteBuffer) {
        var opener: StaticString = ",\"data\":{"
        if failure == .unsupportedVersion {
            buffer.writeStaticString(opener)
            opener = ","
            writeSupportedVersions(details.eras, into: &buffer)
            if let requested = details.requestedVersion {
                buffer.writeStaticString(",\"requested\":\"")
                buffer.writeBytes(requested.jsonStringPrefix(maximumRequestedByteCount).raw)
                buffer.writeStaticString("\"")
            }
        }
        if let milliseconds = details.retryAfterMilliseconds {
            buffer.writeStaticString(opener)
            opener = ","
            buffer.writeStaticString("\"retryAfterMs\":")
            buffer.writeDecimal(Int(clamping: milliseconds))
        }
        if let pool = details.pool {
            buffer.writeStaticString(opener)
            opener = ","
            buffer.writeStaticString("\"pool\":")
            buffer.writeJSONString(pool)
        }
        if opener.utf8CodeUnitCount == 1 { buffer.writeStaticString("}") }
    }

    /// All revisions that are served, newest first: legacy ones are reached through `initialize`.
    private static func writeSupportedVersions(_ eras: Set<MCPEra>, into buffer: inout ByteBuffer) {
        buffer.writeStaticString("\"supported\":[")
        var separator: StaticString = "\""
        for version in MCPProtocolVersion.allCases.reversed() where eras.contains(version.era) {
            buffer.writeStaticString(separator)
            buffer.writeStaticString(version.text)
            separator = "\",\""
        }
        buffer.writeStaticString("\"]")
    }
}

@available(*, unavailable)
extension GatewayErrorBody.Details: Sendable {}

extension ByteView {
    /// The longest beginning of the content of a valid JSON string that has at most `limit` bytes and is itself valid: no
    /// escape, surrogate pair or UTF-8 sequence is cut in two.
    func jsonStringPrefix(_ limit: Int) -> ByteView {
        guard count > limit else { return self }
        var end = 0
        while end < count {
            let next = end &+ jsonCharacterByteCount(at: end)
            guard next <= limit else { break }
            end = next
        }
        return slice(from: 0, to: end)
    }

    private func jsonCharacterByteCount(at offset: Int) -> Int {
        switch self[offset] {
        case UInt8(ascii: "\\"):
            guard self[offset &+ 1] == UInt8(ascii: "u") else { return 2 }
            let isHighSurrogate =
                self[offset &+ 2] | 0x20 == UInt8(ascii: "d") && "89abAB".utf8.contains(self[offset &+ 3])
            return isHighSurrogate ? 12 : 6
        case 0xF0...: return 4
        case 0xE0..<0xF0: return 3
        case 0xC0..<0xE0: return 2
        default: return 1
        }
    }
}
