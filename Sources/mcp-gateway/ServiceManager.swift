import Transport

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Whoever started this process, as systemd does.
enum ServiceManager {
    /// The listening sockets that it has passed (`sd_listen_fds(3)`).
    ///
    /// - Throws: `HandoverError` when the environment makes no sense.
    static func sockets() throws(HandoverError) -> [HandedSocket] {
        let environment = ProcessInfo.processInfo.environment
        return try SocketActivation.sockets(
            count: environment["LISTEN_FDS"], process: environment["LISTEN_PID"], names: environment["LISTEN_FDNAMES"])
    }
}
