import MCPServer
import NIOCore
import Wire

/// What `--everything` adds: a small specimen of each thing that a server can offer, under the names that conformance
/// suites for servers ask for.
enum Fixtures {
    static let tools: [any Tool] = [
        SpecimenTool("test_simple_text", "Returns a text.") { _ in .text("A text, and nothing else.") },
        SpecimenTool("test_image_content", "Returns a picture.") { _ in ToolResult([picture]) },
        SpecimenTool("test_audio_content", "Returns a sound.") { _ in ToolResult([sound]) },
        SpecimenTool("test_embedded_resource", "Returns a resource with its contents.") { _ in
            ToolResult([.resource(uri: "test://embedded", mimeType: "text/plain", .text("The contents of a resource."))]
            )
        },
        SpecimenTool("test_multiple_content_types", "Returns text, a picture and a resource.") { _ in
            ToolResult([
                .text("Three kinds of content."), picture,
                .resource(uri: "test://mixed", mimeType: "application/json", .text(#"{"kind":"mixed"}"#)),
            ])
        },
        SpecimenTool("test_tool_with_logging", "Logs while it runs.") { call in
            for step in ["begins", "works", "ends"] {
                await call.context.log(.info, .string("The tool \(step)."), logger: "specimen")
                try await Task.sleep(for: pause)
            }
            return .text("Logged.")
        },
        SpecimenTool("test_tool_with_progress", "Reports its progress.") { call in
            for done in [0.0, 50, 100] {
                await call.context.report(progress: done, of: 100, "\(Int(done)) of 100")
                try await Task.sleep(for: pause)
            }
            return .text("Done.")
        },
        SpecimenTool("test_error_handling", "Fails.") { _ in .error("This tool always fails.") },
        SpecimenTool(
            "test_x_mcp_header", "Has an argument that is repeated in the head of a call.",
            schema: #"{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}}"#
        ) { call in
            .text("The region is \((try? call.arguments.string("region")) ?? "not given").")
        },
        SpecimenTool("test_trigger_tool_change", "Tells that there are other tools.") { call in
            call.context.announce(.tools)
            return .text("Told.")
        },
        SpecimenTool("test_trigger_prompt_change", "Tells that there are other prompts.") { call in
            call.context.announce(.prompts)
            return .text("Told.")
        },
        SpecimenTool("test_trigger_resource_change", "Tells that test://watched-resource has other contents.") { call in
            call.context.announce(.resource("test://watched-resource"))
            return .text("Told.")
        },
        SpecimenTool("json_schema_2020_12_tool", "Has a schema that uses what 2020-12 can.", schema: richSchema) {
            call in
            ToolResult([.text(String(buffer: call.arguments.json))])
        },
    ]

    static let resources: [any Resource] = [
        SpecimenResource("test://static-text", "text/plain", .text("A text that stays as it is.")),
        SpecimenResource("test://static-binary", "image/png", .binary(png)),
        SpecimenResource("test://watched-resource", "text/plain", .text("A text that can be watched.")),
    ]

    static let templates: [any ResourceTemplate] = [DataTemplate()]

    static let prompts: [any Prompt] = [
        SpecimenPrompt("test_simple_prompt", "Says one thing.") { _ in [.user("A prompt without gaps.")] },
        SpecimenPrompt("test_prompt_with_arguments", "Has two gaps.", ["arg1", "arg2"]) { call in
            [.user("The first is \(call.arguments["arg1"] ?? ""), the second \(call.arguments["arg2"] ?? "").")]
        },
        SpecimenPrompt("test_prompt_with_embedded_resource", "Brings a resource along.", ["resourceUri"]) { call in
            [
                PromptMessage(
                    .user,
                    .resource(
                        uri: call.arguments["resourceUri"] ?? "", mimeType: "text/plain",
                        .text("The contents of a resource."))),
                .user("Read the resource above."),
            ]
        },
        SpecimenPrompt("test_prompt_with_image", "Brings a picture along.") { _ in
            [PromptMessage(.user, picture), .user("Look at the picture above.")]
        },
    ]

    /// Between two steps: long enough that a client sees them one by one.
    private static let pause = Duration.milliseconds(50)

    private static let picture = ContentBlock.image(png, mimeType: "image/png")
    private static let sound = ContentBlock.audio(wav, mimeType: "audio/wav")

    /// A PNG of one pixel.
    private static let png: ByteBuffer = {
        let base64 =
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        let bytes = Array(base64.utf8).withUnsafeBytes { Base64.decode(ByteView($0)) }
        return ByteBuffer(bytes: bytes ?? [])
    }()

    /// A WAV file of 8 samples of silence: 8 kHz, one channel, 8 bits.
    private static let wav: ByteBuffer = {
        var file = ByteBuffer()
        file.writeStaticString("RIFF")
        file.writeInteger(44 as UInt32, endianness: .little)
        file.writeStaticString("WAVEfmt ")
        file.writeInteger(16 as UInt32, endianness: .little)
        for half in [1, 1] as [UInt16] { file.writeInteger(half, endianness: .little) }
        for word in [8_000, 8_000] as [UInt32] { file.writeInteger(word, endianness: .little) }
        for half in [1, 8] as [UInt16] { file.writeInteger(half, endianness: .little) }
        file.writeStaticString("data")
        file.writeInteger(8 as UInt32, endianness: .little)
        file.writeRepeatingByte(0x80, count: 8)
        return file
    }()

    private static let richSchema = #"""
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$defs": {"address": {"$anchor": "address", "type": "object", "properties": {"city": {"type": "string"}}}},
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "address": {"$ref": "#/$defs/address"},
                "contact": {"anyOf": [{"type": "string"}, {"type": "null"}]}
            },
            "allOf": [{"required": ["name"]}],
            "if": {"properties": {"name": {"const": "anonymous"}}},
            "then": {"properties": {"contact": {"type": "null"}}},
            "else": {"properties": {"contact": {"type": ["string", "null"]}}},
            "additionalProperties": false
        }
        """#
}
