import MCPServer
import NIOCore
import Wire

/// The specimens that ask the client something while they run.
enum AskingFixtures {
    static let tools: [any Tool] = sessionTools + roundTools

    /// Those that conformance suites call in a session; they work without one as well.
    private static let sessionTools: [any Tool] = [
        SpecimenTool(
            "test_sampling", "Asks the client's language model.",
            schema: #"{"type":"object","properties":{"prompt":{"type":"string"}},"required":["prompt"]}"#
        ) { call in
            let request = SamplingRequest(try call.arguments.string("prompt"), maxTokens: 100)
            return .text("LLM response: \(try await call.context.sample(request).text)")
        },
        SpecimenTool(
            "test_elicitation", "Asks the user for a name and an address.",
            schema: #"{"type":"object","properties":{"message":{"type":"string"}},"required":["message"]}"#
        ) { call in
            let form: ElicitationForm = [
                .text("username", description: "User's response"),
                .text("email", description: "User's email address", format: .email),
            ]
            let result = try await call.context.elicit(try call.arguments.string("message"), form)
            return .text("User response: \(description(of: result))")
        },
        SpecimenTool("test_elicitation_sep1034_defaults", "Shows a form with defaults of all kinds.") { call in
            let form: ElicitationForm = [
                .text("name", description: "User name", default: "John Doe"),
                .integer("age", description: "User age", default: 30),
                .number("score", description: "User score", default: 95.5),
                .choice(
                    "status", description: "User status", from: ["active", "inactive", "pending"], default: "active"),
                .boolean("verified", description: "Verification status", default: true),
            ]
            let result = try await call.context.elicit("Please check the values.", form)
            return .text("Elicitation completed: \(description(of: result))")
        },
        SpecimenTool("test_elicitation_sep1330_enums", "Shows a form with choices of all kinds.") { call in
            let legacy: JSONValue = [
                "type": "string", "enum": ["opt1", "opt2", "opt3"],
                "enumNames": ["Option One", "Option Two", "Option Three"],
            ]
            let form: ElicitationForm = [
                .choice("untitledSingle", from: ["option1", "option2", "option3"]),
                .choice(
                    "titledSingle",
                    titled: ["value1": "First Option", "value2": "Second Option", "value3": "Third Option"]),
                .init("legacyEnum", schema: legacy),
                .choices("untitledMulti", from: ["option1", "option2", "option3"]),
                .choices(
                    "titledMulti",
                    titled: ["value1": "First Choice", "value2": "Second Choice", "value3": "Third Choice"]),
            ]
            let result = try await call.context.elicit("Please choose.", form)
            return .text("Elicitation completed: \(description(of: result))")
        },
        SpecimenTool("test_reconnection", "Lets the client go in the middle; the rest comes when it is back.") { call in
            await call.context.suspend(for: .milliseconds(300))
            try await Task.sleep(for: .milliseconds(100))
            return .text("The connection was cut, and nothing was lost.")
        },
        SpecimenTool("test_task", "May run by itself, and asks for a name on the way.", tasks: .optional) { call in
            let name = try await call.context.elicit("What is your name?", nameForm, key: "user_name")
            await call.context.report(progress: 1, of: 1)
            return .text("Hello, \(name["name"]?.stringValue ?? "whoever you are")!")
        },
        SpecimenTool("test_missing_capability", "Cannot do without a client that samples.") { call in
            .text(try await call.context.sample(SamplingRequest("Say hello.", maxTokens: 20)).text)
        },
    ]

    /// Those that conformance suites call in rounds; they work in a session as well.
    private static let roundTools: [any Tool] = [
        SpecimenTool("test_input_required_result_elicitation", "Asks for a name.") { call in
            let name = try await call.context.elicit("What is your name?", nameForm, key: "user_name")
            return .text("Hello, \(name["name"]?.stringValue ?? "whoever you are")!")
        },
        SpecimenTool("test_input_required_result_sampling", "Asks the client's language model.") { call in
            let request = SamplingRequest("What is the capital of France?", maxTokens: 100)
            return .text(try await call.context.sample(request, key: "capital_question").text)
        },
        SpecimenTool("test_input_required_result_list_roots", "Asks where the client works.") { call in
            let roots = try await call.context.roots(key: "client_roots")
            return .text("Roots: \(roots.map { $0.name ?? $0.uri }.joined(separator: ", "))")
        },
        SpecimenTool("test_input_required_result_request_state", "Asks for a confirmation, and checks its state.") {
            call in
            let answer = try await call.context.elicit("Please confirm", [.boolean("ok")], key: "confirm")
            // The handler does not get here with a state that was not its own.
            return .text("state-ok, confirmed: \(answer["ok"]?.boolValue == true)")
        },
        SpecimenTool("test_input_required_result_tampered_state", "Refuses a state that was changed.") { call in
            let answer = try await call.context.elicit("Please confirm", [.boolean("ok")], key: "confirm")
            return .text("confirmed: \(answer["ok"]?.boolValue == true)")
        },
        SpecimenTool("test_input_required_result_multiple_inputs", "Asks for three things at once.") { call in
            let answers = try await call.context.ask([
                "user_name": .elicit("What is your name?", nameForm),
                "greeting": .sample(SamplingRequest("Generate a greeting", maxTokens: 50)),
                "client_roots": .roots,
            ])
            return .text("Got \(answers.keys.sorted().joined(separator: ", ")).")
        },
        SpecimenTool("test_input_required_result_multi_round", "Asks two things, one after the other.") { call in
            let name = try await call.context.elicit("Step 1: What is your name?", nameForm, key: "step1")
            let color = try await call.context.elicit(
                "Step 2: What is your favorite color?", [.text("color")], key: "step2")
            return .text("\(name["name"]?.stringValue ?? "?") likes \(color["color"]?.stringValue ?? "?").")
        },
        SpecimenTool("test_input_required_result_capabilities", "Asks only what the client can answer.") { call in
            let can = call.context.clientCapabilities
            if can.samples {
                let request = SamplingRequest("What is the capital of France?", maxTokens: 100)
                return .text(try await call.context.sample(request, key: "capital_question").text)
            }
            if can.showsForms {
                let name = try await call.context.elicit("What is your name?", nameForm, key: "user_name")
                return .text("Hello, \(name["name"]?.stringValue ?? "whoever you are")!")
            }
            return .text("There is nothing that this client could be asked.")
        },
    ]

    static let prompts: [any Prompt] = [
        SpecimenPrompt("test_input_required_result_prompt", "Asks what it should be about.") { call in
            let answer = try await call.context.elicit(
                "What context should the prompt use?", [.text("context")], key: "user_context")
            return [.user("The context is \(answer["context"]?.stringValue ?? "not given").")]
        }
    ]

    private static let nameForm: ElicitationForm = [.text("name")]

    private static func description(of result: ElicitationResult) -> String {
        var content = ByteBuffer()
        if case .accept(let values) = result { content.writeJSON(values) } else { content.writeString("{}") }
        return "action=\(result.action), content=\(String(buffer: content))"
    }
}
