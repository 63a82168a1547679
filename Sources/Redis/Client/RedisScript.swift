package import NIOCore
import Wire

/// A Lua script that runs on the server, and the digest by which servers know it. Make one per script and keep it.
package final class RedisScript: Sendable {
    /// The text.
    package let source: ByteBuffer
    /// SHA-1 of the source, in 40 hexadecimal digits of lower case.
    package let digest: [UInt8]
    /// Whether it writes.
    package let isWrite: Bool
    /// What it returns.
    package let reply: RedisReplyType

    /// A script.
    package init(_ source: StaticString, isWrite: Bool, reply: RedisReplyType = .any) {
        self.source = ByteBuffer(staticString: source)
        digest = self.source.withByteView { SHA1.hexadecimalDigest(of: $0) }
        self.isWrite = isWrite
        self.reply = reply
    }
}
