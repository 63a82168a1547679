#if canImport(Glibc)
    import Glibc
    private let stream = Int32(SOCK_STREAM.rawValue)
#elseif canImport(Musl)
    import Musl
    private let stream = SOCK_STREAM
#elseif canImport(Darwin)
    import Darwin
    private let stream = SOCK_STREAM
#endif

/// System calls for types that have methods of the same names.
enum SystemCall {
    /// Closes a descriptor. That it was open is not checked.
    static func close(_ descriptor: CInt) { _ = closeDescriptor(descriptor) }

    /// A new unix-domain stream socket that does not block and does not outlive an `exec`; negative on failure.
    static func socket() -> CInt { closingOnExecution(makeSocket(AF_UNIX, stream, 0)) }

    /// A connection that waits at a listening socket, with the same properties; negative on failure.
    static func accept(_ descriptor: CInt) -> CInt { closingOnExecution(acceptConnection(descriptor)) }

    private static func closingOnExecution(_ descriptor: CInt) -> CInt {
        guard descriptor >= 0 else { return descriptor }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        return descriptor
    }
}

private func closeDescriptor(_ descriptor: CInt) -> CInt { close(descriptor) }

private func makeSocket(_ family: CInt, _ kind: CInt, _ number: CInt) -> CInt { socket(family, kind, number) }

private func acceptConnection(_ descriptor: CInt) -> CInt { accept(descriptor, nil, nil) }
