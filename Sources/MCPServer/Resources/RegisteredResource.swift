import Wire

/// A resource as the server keeps it: told apart once by how it is read.
struct RegisteredResource: Sendable {
    enum Kind: Sendable {
        case synchronous(any SynchronousResource)
        case asynchronous(any Resource)
    }

    let definition: ResourceDefinition
    let kind: Kind
    private let uri: [UInt8]

    init(_ resource: any Resource) {
        definition = resource.definition
        uri = Array(definition.uri.utf8)
        if let synchronous = resource as? any SynchronousResource {
            kind = .synchronous(synchronous)
        } else {
            kind = .asynchronous(resource)
        }
    }

    /// Whether `text` is the resource's URI, byte for byte after unescaping.
    func isAt(_ text: JSONText, _ bytes: ByteView) -> Bool {
        uri.withUnsafeBytes { text.equals(ByteView($0), in: bytes) }
    }
}
