import NIOCore
import Wire

/// A request of `process_data` in canonical form (RFC 8785): requests that say the same have the same key.
enum CanonicalRequest {
    /// Bytes of data beyond which canonical form is dearer than the work that it may save.
    static let byteLimit = 65_536

    /// The key of what the request says. `nil` if the canonical form would be too dear, or would lose something: RFC 8785
    /// has numbers of 64 bits only, and requests that differ in the twentieth digit must not share a result.
    static func key(of request: DataRequest) -> CacheKey? {
        nil
    }
}
