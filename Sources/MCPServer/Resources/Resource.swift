/// Something that a client can read under a URI.
public protocol Resource: Sendable {
    /// What the server lists. Read once, at the start.
    var definition: ResourceDefinition { get }

    /// Reads it. Errors are logged, and the client gets an internal error.
    func read() async throws -> ResourceContents
}

/// A resource that is read without waiting, on the event loop that read the request.
public protocol SynchronousResource: Resource {
    /// Reads it; errors as in `Resource`.
    func read() throws -> ResourceContents
}
