import MCPServer
import NIOCore
import Wire

/// `test://template/{id}/data`: any id has data.
struct DataTemplate: ResourceTemplate {
    let definition = ResourceTemplateDefinition(
        uriTemplate: "test://template/{id}/data", name: "data", description: "The data of an id.",
        mimeType: "application/json")

    func read(_ request: ResourceRequest) async throws -> ResourceContents? {
        var json = ByteBuffer()
        (["id": .string(request.variables["id"] ?? ""), "template": true] as JSONValue).write(into: &json)
        return .text(json)
    }

    func complete(_ name: String, _ request: CompletionRequest) async throws -> [String] {
        ["1", "10", "100"].filter { $0.hasPrefix(request.value) }
    }
}
