#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Why sockets were not handed over.
package enum HandoverError: Error, Equatable, CustomStringConvertible {
    /// The peer closed the connection, or died.
    case ended
    /// The peer did not do its part in time.
    case timeout
    /// What the peer sent is no message of a handover, or not the one that was due.
    case malformed(String)
    /// The peer speaks another version of the handover.
    case version(UInt8)
    /// The peer is of another user.
    case user
    /// What is listened on is no longer what was offered.
    case changed
    /// This process was asked to end.
    case cancelled
    /// A system call failed.
    case system(String, code: CInt)

    package var description: String {
        switch self {
        case .ended: "the other process ended the handover"
        case .timeout: "the other process did not answer in time"
        case .malformed(let reason): "the other process is no gateway, or sent nonsense: \(reason)"
        case .version(let version): "the other process speaks version \(version) of the handover"
        case .user: "the other process belongs to another user"
        case .changed: "the addresses have changed since they were offered"
        case .cancelled: "this process was asked to end"
        case .system(let call, let code): "\(call): \(String(cString: strerror(code)))"
        }
    }
}
