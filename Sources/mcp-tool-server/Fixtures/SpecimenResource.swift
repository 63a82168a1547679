import MCPServer

/// A resource that never changes.
struct SpecimenResource: SynchronousResource {
    let definition: ResourceDefinition
    private let contents: ResourceContents

    init(_ uri: String, _ mimeType: String, _ contents: ResourceContents) {
        definition = ResourceDefinition(
            uri: uri, name: String(uri.dropFirst("test://".count)), description: "A specimen.", mimeType: mimeType)
        self.contents = contents
    }

    func read() -> ResourceContents { contents }
}
