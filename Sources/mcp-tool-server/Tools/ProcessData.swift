import MCPServer
import NIOCore
import Wire

/// `process_data`: does something simple with a JSON object. What is not changed goes out as it came in.
struct ProcessData: SynchronousTool {
    let definition = ToolDefinition(
        name: "process_data",
        title: "Process data",
        description: """
            Processes a JSON object. Operations: "transform" turns the text values of the top level to upper case, \
            "validate" tells whether no value of the top level is null, "analyze" lists the keys and the JSON types of \
            their values. Any other operation gives the data back unchanged.
            """,
        inputSchema: #"""
            {
                "type": "object",
                "properties": {
                    "data": {"type": "object", "description": "The object to process."},
                    "operation": {
                        "type": "string",
                        "description": "transform, validate or analyze; any other gives the data back unchanged."
                    }
                },
                "required": ["data", "operation"]
            }
            """#,
        outputSchema: #"""
            {
                "type": "object",
                "properties": {
                    "operation": {"type": "string"},
                    "input_size": {
                        "type": "integer", "minimum": 2, "description": "Bytes of the JSON of data, as received."
                    },
                    "processed_at": {"type": "string", "format": "date-time"},
                    "result": {"type": "object"}
                },
                "required": ["operation", "input_size", "processed_at", "result"]
            }
            """#,
        annotations: ToolAnnotations(readOnly: true, destructive: false, idempotent: true, openWorld: false))

    func run(_ call: ToolCall) throws -> ToolResult {
        let data = try call.arguments.object("data")
        let operation = try call.arguments.string("operation")
        var json = ByteBuffer()
        json.reserveCapacity(data.readableBytes &+ 256)
        json.writeStaticString("{\"operation\":")
        json.writeJSONString(operation)
        json.writeStaticString(",\"input_size\":")
        json.writeDecimal(data.readableBytes)
        json.writeStaticString(",\"processed_at\":")
        json.writeJSONString(Timestamp.now())
        json.writeStaticString(",\"result\":")
        data.withByteView { bytes in
            switch operation {
            case "transform": ProcessData.transform(bytes, into: &json)
            case "validate": ProcessData.validate(bytes, into: &json)
            case "analyze": ProcessData.analyze(bytes, into: &json)
            default: json.writeBytes(bytes.raw)
            }
        }
        json.writeStaticString("}")
        return .structured(json)
    }

    /// The same object with its text values in upper case.
    private static func transform(_ data: ByteView, into json: inout ByteBuffer) {
        write(data, into: &json, open: "{", close: "}") { member, json in
            writeName(member, data, into: &json)
            if let text = JSONMembers.text(member.value, data) {
                json.writeJSONString(String(decoding: text.unescaped(in: data), as: UTF8.self).uppercased())
            } else {
                json.writeBytes(data[member.value].raw)
            }
        }
    }

    /// `{"valid":…,"null_keys":[…]}`.
    private static func validate(_ data: ByteView, into json: inout ByteBuffer) {
        let isNull = { (member: JSONMembers.Member) in JSONMembers.kind(member.value, data) == .null }
        var members = JSONMembers(data, in: whole(data))
        var isValid = true
        while isValid, let member = members.next() { isValid = !isNull(member) }
        json.writeStaticString(isValid ? "{\"valid\":true," : "{\"valid\":false,")
        json.writeStaticString("\"null_keys\":")
        write(data, into: &json, open: "[", close: "]", where: isNull) { member, json in
            writeQuotedName(member, data, into: &json)
        }
        json.writeStaticString("}")
    }

    /// `{"keys":[…],"types":{…}}`.
    private static func analyze(_ data: ByteView, into json: inout ByteBuffer) {
        json.writeStaticString("{\"keys\":")
        write(data, into: &json, open: "[", close: "]") { member, json in
            writeQuotedName(member, data, into: &json)
        }
        json.writeStaticString(",\"types\":")
        write(data, into: &json, open: "{", close: "}") { member, json in
            writeName(member, data, into: &json)
            json.writeStaticString(typeName(JSONMembers.kind(member.value, data)))
        }
        json.writeStaticString("}")
    }

    private static func typeName(_ kind: JSONKind) -> StaticString {
        switch kind {
        case .object: "\"object\""
        case .array: "\"array\""
        case .string: "\"string\""
        case .number: "\"number\""
        case .bool: "\"boolean\""
        case .null: "\"null\""
        }
    }

    // MARK: Members

    private static func whole(_ data: ByteView) -> ByteRange {
        ByteRange(start: 0, length: data.count)
    }

    /// Writes something for each member that `condition` takes, separated by commas.
    private static func write(
        _ data: ByteView, into json: inout ByteBuffer, open: StaticString, close: StaticString,
        where condition: (JSONMembers.Member) -> Bool = { _ in true },
        _ item: (JSONMembers.Member, inout ByteBuffer) -> Void
    ) {
        json.writeStaticString(open)
        var members = JSONMembers(data, in: whole(data))
        var isFirst = true
        while let member = members.next() {
            guard condition(member) else { continue }
            if !isFirst { json.writeStaticString(",") }
            isFirst = false
            item(member, &json)
        }
        json.writeStaticString(close)
    }

    /// The member's name as it came, quotes and escapes included.
    private static func writeQuotedName(_ member: JSONMembers.Member, _ data: ByteView, into json: inout ByteBuffer) {
        json.writeStaticString("\"")
        if let name = member.name { json.writeBytes(data[name.range].raw) }
        json.writeStaticString("\"")
    }

    private static func writeName(_ member: JSONMembers.Member, _ data: ByteView, into json: inout ByteBuffer) {
        writeQuotedName(member, data, into: &json)
        json.writeStaticString(":")
    }
}
