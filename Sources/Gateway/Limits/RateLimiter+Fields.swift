import NIOCore
package import Wire

extension RateLimiter {
    /// Appends `RateLimit-Policy` and `RateLimit` with what is left of a rule (draft-ietf-httpapi-ratelimit-headers-10).
    /// Allocates nothing when the buffer has room.
    package func write(_ quota: RateLimitVerdict.Quota, into writer: inout HTTPHeadWriter) {
        write(quota, into: &writer.buffer)
    }

    /// The same lines by themselves.
    func fields(for quota: RateLimitVerdict.Quota) -> [UInt8] {
        var buffer = ByteBuffer()
        write(quota, into: &buffer)
        return Array(buffer: buffer)
    }

    private func write(_ quota: RateLimitVerdict.Quota, into buffer: inout ByteBuffer) {
        guard rules.indices.contains(quota.rule) else { return }
        rules[quota.rule].fieldStart.withUnsafeBytes {
            buffer.writeLine(ByteView($0), Int(clamping: quota.remaining), ";t=", quota.restoredAfterSeconds)
        }
    }
}
