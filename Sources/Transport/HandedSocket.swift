#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Listening sockets that this process was given instead of binding them.
///
/// The descriptors belong to whoever has the value: they are adopted by a `Listener`, or closed. Until then the sockets stay
/// open, and connections go on waiting in their queues.
package struct HandedSocket: Equatable, Sendable {
    /// Which listener they are: `mcp`, `admin`, or what a service manager calls them.
    package var name: String
    /// What they are bound to, as `BoundListener.boundAddress` writes it.
    package var address: String
    /// One for each event loop of the process that bound them; at least one.
    package var descriptors: [CInt]

    /// Sockets for one address.
    package init(name: String, address: String, descriptors: [CInt]) {
        self.name = name
        self.address = address
        self.descriptors = descriptors
    }

    /// Closes the descriptors. A queue that no other process has open is lost with it.
    package func close() {
        for descriptor in descriptors { SystemCall.close(descriptor) }
    }

    /// The same sockets once more, by descriptors of their own.
    ///
    /// - Throws: `HandoverError` when the process may have no more descriptors.
    package func duplicate() throws(HandoverError) -> HandedSocket {
        var copy = HandedSocket(name: name, address: address, descriptors: [])
        for descriptor in descriptors {
            let another = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
            guard another >= 0 else {
                let code = errno
                copy.close()
                throw .system("fcntl", code: code)
            }
            copy.descriptors.append(another)
        }
        return copy
    }
}
