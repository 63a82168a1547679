import NIOCore
import Wire

/// The JSON-RPC request that is made again and again.
struct CallContent: Sendable {
    /// The text in `--arguments` that the payload takes the place of.
    static let placeholder = "{payload}"

    /// The method: `tools/call`, or `tools/list` when no tool was named.
    let method: String
    /// The tool's name.
    let tool: String?
    /// The tool's arguments, a JSON object; the payload is in it.
    let arguments: String

    /// A call of `tool` with `arguments`, or of `tools/list`.
    ///
    /// - Parameters:
    ///   - arguments: the text of a JSON object. `{payload}` in it is replaced by the payload; without it, the payload
    ///     becomes one more member, `padding`.
    ///   - payload: bytes of padding.
    /// - Throws: `CallContentError` when `arguments` is not a JSON object.
    init(tool: String?, arguments: String, payload: Int) throws(CallContentError) {
        method = tool == nil ? "tools/list" : "tools/call"
        self.tool = tool
        let padding = String(repeating: "x", count: payload)
        let trimmed = CallContent.trimmed(arguments)
        if arguments.contains(CallContent.placeholder) {
            self.arguments = trimmed.replacing(CallContent.placeholder, with: padding)
        } else if payload > 0, trimmed.hasSuffix("}") {
            let members = CallContent.trimmed(String(trimmed.dropFirst().dropLast()))
            self.arguments = "{\(members)\(members.isEmpty ? "" : ",")\"padding\":\"\(padding)\"}"
        } else {
            self.arguments = trimmed
        }
        guard self.arguments.hasPrefix("{"), isValid() else {
            throw CallContentError(description: "--arguments must be a JSON object, is \(arguments.prefix(80))")
        }
    }

    /// The members of `params`, without `_meta`.
    var parameters: String {
        guard let tool else { return "" }
        return "\"name\":\(JSONLiteral.string(tool)),\"arguments\":\(arguments)"
    }

    /// Whether a request made of this is one strict JSON-RPC request, with the arguments where they belong.
    private func isValid() -> Bool {
        let whole = ByteBuffer(
            string: #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"","arguments":\#(arguments)}}"#)
        return whole.withByteView { bytes in
            var scratch = JSONScratch(seed: 0)
            guard let envelope = try? JSONRPCEnvelope.scan(bytes, scratch: &scratch) else { return false }
            return envelope.kind == .request && envelope.arguments?.count == arguments.utf8.count
        }
    }

    private static func trimmed(_ text: String) -> String {
        let isSpace = { (character: Character) in character.isWhitespace }
        let start = text.drop(while: isSpace)
        let count = start.reversed().drop(while: isSpace).count
        return String(start.prefix(count))
    }
}

/// Arguments that are not what a tool takes.
struct CallContentError: Error, CustomStringConvertible {
    let description: String
}
