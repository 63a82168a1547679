import NIOCore
import Wire

@testable import Gateway

/// A message that was scanned, with its bytes.
struct ScannedMessage {
    let bytes: [UInt8]
    let envelope: JSONRPCEnvelope

    init(_ bytes: [UInt8]) throws {
        self.bytes = bytes
        envelope = try bytes.withUnsafeBytes { raw in
            var scratch = JSONScratch(seed: 1)
            return try JSONRPCEnvelope.scan(ByteView(raw), scratch: &scratch)
        }
    }

    init(_ text: String) throws { try self.init(Array(text.utf8)) }

    /// A request for `method` with `params`, none if that is empty.
    init(method: MCPMethod, params: String = "") throws {
        let member = params.isEmpty ? "" : #","params":\#(params)"#
        try self.init(#"{"jsonrpc":"2.0","id":1,"method":"\#(method.text)"\#(member)}"#)
    }

    func withView<Result>(_ body: (ByteView) throws -> Result) rethrows -> Result {
        try bytes.withUnsafeBytes { try body(ByteView($0)) }
    }

    func digest(
        pool: String = "tools", generation: UInt64 = 1, version: MCPProtocolVersion? = .v2026_07_28,
        method: MCPMethod = .toolsCall
    ) -> CallDigest? {
        withView { view in
            CallDigest(
                pool: pool, generation: generation, version: version, method: method, envelope: envelope, message: view)
        }
    }

    var cached: CachedAnswer? { withView { CachedAnswer(envelope, in: $0) } }

    func cachedAcrossRevisions(_ scope: CachedAnswer.Scope) -> CachedAnswer? {
        withView { CachedAnswer(acrossRevisions: envelope, in: $0, scope: scope) }
    }
}

extension CachedAnswer {
    /// The answer as it is served.
    func served(id: String, era: MCPEra = .modern, remaining: Duration) -> String {
        var buffer = ByteBuffer()
        Array(id.utf8).withUnsafeBytes { write(id: ByteView($0), era: era, remaining: remaining, into: &buffer) }
        precondition(
            buffer.readableBytes == servedCount(idCount: id.utf8.count, era: era, remaining: remaining),
            "an answer has as many bytes as was said")
        return String(buffer: buffer)
    }
}
