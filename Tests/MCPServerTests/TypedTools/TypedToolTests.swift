import MCPServer
import NIOCore
import Testing
import Wire

@Suite struct TypedToolTests {
    private func core(_ tools: any Tool...) -> Core {
        var core = Core()
        core.server = MCPServer(ServerInfo(name: "test", version: "1"), tools: tools, logger: silentLogger)
        return core
    }

    private func call(_ tool: any Tool, _ arguments: String) async throws -> Core.Asked {
        try await core(tool).ask(
            "tools/call", #"{"name":"\#(tool.definition.name)","arguments":\#(arguments)}"#, .v2025_11_25)
    }

    @Test func `lists schemas that are derived from its types`() async throws {
        let listed = try await core(Forecast()).ask("tools/list", nil, .v2026_07_28).result?["tools"]?[0]
        #expect(listed?["title"] == "Weather")
        let input = try JSONValue.parse(
            #"""
            {"type":"object","properties":{
                "city":{"type":"string","description":"The name of the city.","minLength":1,"maxLength":100,
                    "x-mcp-header":"City"},
                "days":{"type":"integer","description":"How many days.","minimum":1,"maximum":14,"default":3},
                "unit":{"type":"string","enum":["celsius","fahrenheit"]},
                "place":{"type":"object","properties":{
                    "latitude":{"type":"number","minimum":-90.0,"maximum":90.0},"longitude":{"type":"number"}},
                    "required":["latitude","longitude"],"additionalProperties":false},
                "tags":{"type":"array","items":{"type":"string"}}},
             "required":["city","tags"],"additionalProperties":false}
            """#)
        #expect(listed?["inputSchema"] == input)
        let output = try JSONValue.parse(
            #"""
            {"type":"object","properties":{
                "degrees":{"type":"array","items":{"type":"number"}},"unit":{"type":"string"},
                "note":{"type":"string"}},
             "required":["degrees","unit"]}
            """#)
        #expect(listed?["outputSchema"] == output)
    }

    @Test func `decodes what comes and encodes what goes`() async throws {
        let asked = try await call(
            Forecast(),
            #"{"city":"Paris","days":2,"unit":"fahrenheit","place":{"latitude":48.5,"longitude":2},"tags":["a","é"]}"#)
        #expect(asked.result?["structuredContent"]?["degrees"] == [48.5, 48.5])
        #expect(asked.result?["structuredContent"]?["unit"] == "fahrenheit")
        #expect(asked.result?["structuredContent"]?["note"] == "Paris a é")
    }

    @Test func `fills in defaults`() async throws {
        let asked = try await call(Forecast(), #"{"city":"Paris","tags":[]}"#)
        #expect(asked.result?["structuredContent"]?["degrees"] == [0.0, 0.0, 0.0])
        #expect(asked.result?["structuredContent"]?["unit"] == "celsius")
        #expect(asked.result?["structuredContent"]?["note"] == nil)
    }

    @Test(
        arguments: [
            (#"{"tags":[]}"#, "\"city\" is required"),
            (#"{"city":"","tags":[]}"#, "/city: must have 1 characters or more, has 0"),
            (#"{"city":"x","tags":[1]}"#, "/tags/0: must be a string"),
            (#"{"city":"x","tags":[],"days":15}"#, "/days: must be at most 14"),
            (#"{"city":"x","tags":[],"unit":"kelvin"}"#, #"/unit: must be one of "celsius", "fahrenheit""#),
            (#"{"city":"x","tags":[],"place":{"latitude":1}}"#, "/place: \"longitude\" is required"),
            (#"{"city":"x","tags":[],"citty":"y"}"#, "/citty: is not allowed"),
        ])
    func `tells a model what is wrong with its arguments`(_ arguments: String, _ complaint: String) async throws {
        let asked = try await call(Forecast(), arguments)
        #expect(asked.result?["isError"] == true)
        #expect(asked.text == "The arguments do not match the schema of the tool: \(complaint)")
    }

    @Test func `can be answered at once`() async throws {
        let server = core(Sum()).server
        let asked = try await call(Sum(), #"{"numbers":[1,2,3.5]}"#)
        #expect(asked.text == "6.5")
        #expect(server.info.name == "test")
        #expect((Sum() as any Tool) is any SynchronousTool)
    }

    @Test func `can be a function`() async throws {
        let shout = ToolFunction("shout", "Shouts.") { (input: Words, _) in input.words.uppercased() + "!" }
        #expect(try await call(shout, #"{"words":"hey"}"#).text == "HEY!")
        let hello = ToolFunction("hello", "Says hello.") { _ in "hello" }
        #expect(try await call(hello, "{}").text == "hello")
        #expect(try await call(hello, #"{"x":1}"#).result?["isError"] == true)
        let failing = ToolFunction("failing", "Fails.") { _ -> ToolResult in throw ToolInputError("No.") }
        #expect(try await call(failing, "{}").text == "No.")
    }

    @Test func `reports what only decoding finds`() async throws {
        let asked = try await call(Sum(), #"{"numbers":[1,1e999]}"#)
        #expect(asked.result?["isError"] == true)
        #expect(asked.text == "/numbers/1: must be a number")
    }
}

private struct Forecast: TypedTool {
    struct Input: ToolInput {
        var city: String
        var days: Int
        var unit: Unit?
        var place: Place?
        var tags: [String]

        static var properties: [Property] {
            Property("city", "The name of the city.").length(1...100).header("City")
            Property("days", "How many days.").range(1...14).default(3)
        }
    }

    enum Unit: String, Codable, CaseIterable { case celsius, fahrenheit }

    struct Place: Codable, Described {
        var latitude: Double
        var longitude: Double

        static var properties: [Property] {
            Property("latitude").range(-90.0...90.0)
        }
    }

    struct Output: StructuredOutput {
        var degrees: [Double]
        var unit: String
        var note: String?
    }

    let name = "forecast"
    let title: String? = "Weather"
    let description = "Tells what the weather will be."

    func run(_ input: Input, _ context: CallContext) async throws -> Output {
        Output(
            degrees: Array(repeating: input.place?.latitude ?? 0, count: input.days),
            unit: (input.unit ?? .celsius).rawValue,
            note: input.tags.isEmpty ? nil : ([input.city] + input.tags).joined(separator: " "))
    }
}

private struct Sum: SynchronousTypedTool {
    struct Input: ToolInput { var numbers: [Double] }

    let name = "sum"
    let description = "Adds."

    func run(_ input: Input, _ context: CallContext) -> String { "\(input.numbers.reduce(0, +))" }
}

private struct Words: ToolInput { var words: String }
