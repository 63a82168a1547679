import Foundation
import MCPServer
import NIOCore
import Synchronization
import Wire

/// The JSON Schemas that are published with the revisions of MCP and with its extension for tasks: a third party's files
/// beside the package. Compiled once for each definition; any thread may ask.
final class PublishedSchemas: Sendable {
    /// One published file.
    enum Document: Hashable {
        case revision(MCPProtocolVersion)
        /// The extension `io.modelcontextprotocol/tasks` of 2026-07-28.
        case tasks

        /// The name of the file.
        var file: String {
            switch self {
            case .revision(let version): "\(version.text).json"
            case .tasks: "ext-tasks.json"
            }
        }
    }

    /// Those in `../shared/spec/schema`; `nil` in a plain clone, which is said once.
    static let beside: PublishedSchemas? = {
        var root = URL(filePath: #filePath)
        for _ in 0..<6 { root.deleteLastPathComponent() }
        let folder = root.appending(path: "shared/spec/schema")
        guard let schemas = try? PublishedSchemas(folder) else {
            print("SKIPPED (1): the schemas are not in ../shared/spec/schema; no message of a server was judged")
            return nil
        }
        return schemas
    }()

    private struct Definition: Hashable {
        var document: Document
        var name: String
    }

    private let definitions: [Document: JSONValue]
    private let compiled = Mutex<[Definition: JSONSchema]>([:])

    /// Reads all files in a folder; throws if one is missing or is no JSON.
    init(_ folder: URL) throws {
        var definitions: [Document: JSONValue] = [:]
        for document in MCPProtocolVersion.allCases.map({ Document.revision($0) }) + [.tasks] {
            let text = try String(contentsOf: folder.appending(path: document.file), encoding: .utf8)
            // What the older files call their definitions. Under this name only those are compiled that are referred to,
            // which for most messages is a few of 150.
            let value = try JSONValue.parse(
                text.replacing("\"#/$defs/", with: "\"#/definitions/").replacing("\"$defs\"", with: "\"definitions\""))
            definitions[document] = value["definitions"] ?? [:]
        }
        self.definitions = definitions
    }

    /// Whether the document has a definition of this name.
    func defines(_ name: String, in document: Document) -> Bool {
        definitions[document]?[name] != nil
    }

    /// The first things in which `value` is not what the definition says; none if it is. A definition that the document
    /// does not have allows nothing.
    func complaints(about value: JSONValue, by name: String, in document: Document) -> [String] {
        guard let schema = schema(name, document) else { return ["\(document.file) has no \(name)"] }
        var json = ByteBuffer()
        json.writeJSON(value)
        return schema.violations(in: json).map { "\(document.file) \(name): \($0)" }
    }

    private func schema(_ name: String, _ document: Document) -> JSONSchema? {
        guard let definitions = definitions[document], definitions[name] != nil else { return nil }
        return compiled.withLock { compiled in
            if let schema = compiled[Definition(document: document, name: name)] { return schema }
            // The dialects of all the files mean the same by the few keywords that they use.
            let schema = try? JSONSchema(["$ref": .string("#/definitions/\(name)"), "definitions": definitions])
            compiled[Definition(document: document, name: name)] = schema
            return schema
        }
    }
}
