import Logging
import NIOCore
import Wire

extension MCPServer {
    /// `prompts/get`: finds the prompt, sees to it that nothing is missing, and fills it in.
    func getPrompt(_ message: IncomingMessage) -> Reply {
        switch preparePrompt(message) {
        case .failure(let error):
            return .ready(.failure(error, to: message, .promptsGet))
        case .success((let prompt, let arguments)):
            return .pending { outlet in
                do {
                    let context = CallContext(message, outlet, try exchange(message, outlet), changes)
                    let call = PromptCall(arguments: arguments, context: context)
                    return write(try await prompt.get(call), of: prompt.definition, message)
                } catch {
                    return answer(toAskingError: error, message, .promptsGet)
                        ?? .failure(self.error(error, of: "prompt", prompt.definition.name), to: message, .promptsGet)
                }
            }
        }
    }

    private func preparePrompt(_ message: IncomingMessage) -> Result<(any Prompt, [String: String]), MCPError> {
        message.body.withByteView { bytes in
            guard let name = message.envelope.name else {
                return .failure(.invalidParams("params.name must be a string"))
            }
            guard
                let prompt = prompts.first(where: { name.unescaped(in: bytes).elementsEqual($0.definition.name.utf8) })
            else { return .failure(.invalidParams("Unknown prompt: \(MCPServer.shown(name, bytes))")) }
            guard let arguments = MCPServer.strings(message.envelope.arguments, bytes) else {
                return .failure(.invalidParams("params.arguments must be an object of strings"))
            }
            for argument in prompt.definition.arguments where argument.isRequired && arguments[argument.name] == nil {
                return .failure(.invalidParams("Missing argument: \(argument.name)"))
            }
            return .success((prompt, arguments))
        }
    }

    private func write(_ result: PromptResult, of definition: PromptDefinition, _ message: IncomingMessage) -> Answer {
        .result(to: message, .promptsGet, reserving: result.messages.reduce(512) { $0 + $1.content.sizeHint }) {
            buffer in
            buffer.writeStaticString("{")
            if message.version.era == .modern { buffer.writeStaticString("\"resultType\":\"complete\",") }
            result.writeMembers(of: definition, into: &buffer, version: message.version)
            prepared.writeResultEnd(into: &buffer, version: message.version)
        }
    }

    // MARK: Completion

    /// Values that one answer may have (MCP, Completion).
    private static let maximumCompletions = 100

    /// `completion/complete`: asks the prompt or the template that the reference names.
    func complete(_ message: IncomingMessage) -> Reply {
        switch prepareCompletion(message) {
        case .failure(let error):
            return .ready(.failure(error, to: message, .completionComplete))
        case .success(let question):
            return .pending { _ in
                do {
                    return write(completions: try await question(), message)
                } catch {
                    return .failure(self.error(error, of: "completion", ""), to: message, .completionComplete)
                }
            }
        }
    }

    private typealias Question = @Sendable () async throws -> [String]

    private func prepareCompletion(_ message: IncomingMessage) -> Result<Question, MCPError> {
        message.body.withByteView { bytes in
            func member(_ name: StaticString, of object: ByteRange?) -> ByteRange? {
                object.flatMap { JSONMembers.value(of: name, in: $0, bytes) }
            }
            func text(_ name: StaticString, of object: ByteRange?) -> String? {
                member(name, of: object).flatMap { JSONMembers.text($0, bytes) }.map {
                    String(decoding: $0.unescaped(in: bytes), as: UTF8.self)
                }
            }
            let params = message.envelope.params
            let reference = member("ref", of: params)
            let argument = member("argument", of: params)
            guard let kind = text("type", of: reference), let name = text("name", of: argument),
                let value = text("value", of: argument)
            else { return .failure(.invalidParams("ref and argument with name and value are required")) }
            let others = message.version >= .v2025_06_18 ? member("arguments", of: member("context", of: params)) : nil
            guard let known = MCPServer.strings(others, bytes) else {
                return .failure(.invalidParams("context.arguments must be an object of strings"))
            }
            let request = CompletionRequest(value: value, others: known)
            switch kind {
            case "ref/prompt":
                let prompt = text("name", of: reference).flatMap { name in prompts.first { $0.definition.name == name }
                }
                guard let prompt else { return .failure(.invalidParams("Unknown prompt")) }
                guard prompt.definition.arguments.contains(where: { $0.name == name }) else {
                    return .failure(.invalidParams("Unknown argument: \(MCPServer.shown(name))"))
                }
                return .success { try await prompt.complete(name, request) }
            case "ref/resource":
                let uri = text("uri", of: reference)
                guard let family = templates.first(where: { $0.definition.uriTemplate == uri }) else {
                    // A resource without variables has nothing to be completed.
                    guard resources.contains(where: { $0.definition.uri == uri }) else {
                        return .failure(.invalidParams("Unknown resource template"))
                    }
                    return .success { [] }
                }
                guard family.hasVariable(name) else {
                    return .failure(.invalidParams("Unknown variable: \(MCPServer.shown(name))"))
                }
                return .success { try await family.template.complete(name, request) }
            default:
                return .failure(.invalidParams("ref.type must be ref/prompt or ref/resource"))
            }
        }
    }

    private func write(completions: [String], _ message: IncomingMessage) -> Answer {
        .result(to: message, .completionComplete) { buffer in
            buffer.writeStaticString("{")
            if message.version.era == .modern { buffer.writeStaticString("\"resultType\":\"complete\",") }
            buffer.writeStaticString("\"completion\":{\"values\":[")
            for (index, value) in completions.prefix(MCPServer.maximumCompletions).enumerated() {
                if index > 0 { buffer.writeStaticString(",") }
                buffer.writeJSONString(value)
            }
            buffer.writeStaticString("],\"total\":")
            buffer.writeDecimal(completions.count)
            buffer.writeStaticString(",\"hasMore\":")
            buffer.writeStaticString(completions.count > MCPServer.maximumCompletions ? "true}" : "false}")
            prepared.writeResultEnd(into: &buffer, version: message.version)
        }
    }

    // MARK: What both share

    /// What a client is told of an error that a handler threw.
    private func error(_ error: any Error, of kind: String, _ name: String) -> MCPError {
        switch error {
        case is CancellationError:
            return .cancelled
        case let error as ToolInputError:
            return .invalidParams(error.message)
        case let error as MCPError:
            return error
        case let error as ClientRequestError:
            return MCPError(code: -32_603, message: "\(error)", problem: .handlerFailed)
        default:
            logger.error("\(kind) failed", metadata: ["name": "\(name)", "error": "\(error)"])
            return .internalError
        }
    }

    /// The members of the object at `range`, which must all be strings; none without a range.
    private static func strings(_ range: ByteRange?, _ bytes: ByteView) -> [String: String]? {
        guard let range else { return [:] }
        guard JSONMembers.kind(range, bytes) == .object else { return nil }
        var strings: [String: String] = [:]
        var members = JSONMembers(bytes, in: range)
        while let member = members.next() {
            guard let name = member.name, let text = JSONMembers.text(member.value, bytes) else { return nil }
            strings[String(decoding: name.unescaped(in: bytes), as: UTF8.self)] = String(
                decoding: text.unescaped(in: bytes), as: UTF8.self)
        }
        return strings
    }

    /// Text of a client as an error message may repeat it: at most 128 bytes.
    static func shown(_ text: String) -> String {
        text.utf8.count <= 128 ? text : String(decoding: text.utf8.prefix(128), as: UTF8.self)
    }
}
