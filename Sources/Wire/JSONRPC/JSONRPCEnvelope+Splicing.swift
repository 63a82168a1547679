public import NIOCore

extension JSONRPCEnvelope {
    /// Appends the message of `bytes` with `id` in place of its own id, everything else byte for byte.
    ///
    /// `id` is JSON: an integer, or text with its quotes. Returns `false`, and appends the message as it is, if it has no
    /// id to be replaced (notifications, batches, errors without one).
    @discardableResult
    public func write(_ bytes: ByteView, replacingIDWith newID: ByteView, into buffer: inout ByteBuffer) -> Bool {
        guard let id else {
            buffer.writeBytes(bytes.raw)
            return false
        }
        buffer.reserveCapacity(minimumWritableBytes: bytes.count &- id.range.count &+ newID.count)
        buffer.writeBytes(bytes.slice(from: 0, to: Int(id.range.start)).raw)
        buffer.writeBytes(newID.raw)
        buffer.writeBytes(bytes.slice(from: id.range.end, to: bytes.count).raw)
        return true
    }
}
