import NIOCore
import Wire

/// A request of `process_data` in canonical form (RFC 8785): requests that say the same have the same key.
enum CanonicalRequest {
    /// Bytes of data beyond which canonical form is dearer than the work that it may save.
    static let byteLimit = 65_536

    /// The key of what the request says; `nil` if the canonical form would be too dear.
    static func key(of request: DataRequest) -> CacheKey? {
        guard request.data.readableBytes <= byteLimit else { return nil }
        var text = ByteBuffer()
        text.reserveCapacity(request.data.readableBytes &+ request.operation.utf8.count &+ 64)
        text.writeStaticString("{\"data\":")
        text.writeImmutableBuffer(request.data)
        text.writeStaticString(",\"operation\":")
        text.writeJSONString(request.operation)
        text.writeStaticString("}")
        var canonical = ByteBuffer()
        do throws(JSONError) {
            try text.withByteView { bytes throws(JSONError) in try canonical.writeCanonicalJSON(bytes) }
        } catch {
            return nil
        }
        return CacheKey("process_data 1\n", canonical)
    }
}
