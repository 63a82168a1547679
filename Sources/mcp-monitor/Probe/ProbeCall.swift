import Wire

/// The tool that every probe calls, and with what.
struct ProbeCall: Hashable, Sendable {
    /// The tool's name.
    var tool: String
    /// Its arguments, a JSON object.
    var arguments: String

    /// Reads `TOOL` or `TOOL=JSON`, where the JSON must be an object.
    init?(_ text: String) {
        let equals = text.firstIndex(of: "=") ?? text.endIndex
        tool = String(text[..<equals])
        arguments = equals == text.endIndex ? "{}" : String(text[text.index(after: equals)...])
        guard !tool.isEmpty, tool.utf8.count <= 128, tool.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }),
            let value = try? JSONValue.parse(arguments), value.kind == .object
        else { return nil }
    }

    /// The members of `params`, as JSON.
    var parameters: String {
        #""name":\#(JSONValue.string(tool)),"arguments":\#(arguments)"#
    }
}
