import Logging
import NIOCore
import Wire

extension MCPServer {
    /// `tools/call`: finds the tool and runs it, at once if it can.
    func callTool(_ message: IncomingMessage) -> Reply {
        switch prepareCall(message) {
        case .failure(let error):
            let status = error.problem == .headerMismatch ? 400 : 200
            return .ready(.failure(error, to: message, .toolsCall, status: status))
        case .success((let tool, let call)):
            switch tool.kind {
            case .synchronous(let tool):
                return .ready(finish(Result { try tool.run(call) }, of: call, message))
            case .asynchronous(let tool):
                return .pending { outlet in
                    var call = call
                    do {
                        call.context = CallContext(message, outlet, try exchange(message, outlet), changes)
                        return finish(.success(try await tool.run(call)), of: call, message)
                    } catch {
                        return finish(.failure(error), of: call, message)
                    }
                }
            }
        }
    }

    private func prepareCall(_ message: IncomingMessage) -> Result<(RegisteredTool, ToolCall), MCPError> {
        message.body.withByteView { bytes in
            guard let name = message.envelope.name else {
                return .failure(.invalidParams("params.name must be a string"))
            }
            guard let tool = tools.first(where: { $0.isNamed(name, bytes) }) else {
                return .failure(.invalidParams("Unknown tool: \(MCPServer.shown(name, bytes))"))
            }
            var arguments = ToolArguments()
            if let range = message.envelope.arguments {
                guard JSONMembers.kind(range, bytes) == .object,
                    let text = message.body.getSlice(
                        at: message.body.readerIndex &+ Int(range.start), length: range.count)
                else { return .failure(.invalidParams("params.arguments must be an object")) }
                arguments = ToolArguments(validated: text)
            }
            if let fields = message.parameterFields {
                guard tool.definition.headerParameters.match(fields, arguments.json) else {
                    return .failure(.parameterMismatch)
                }
            }
            return .success((tool, ToolCall(arguments: arguments, version: message.version)))
        }
    }

    /// The answer for what a tool returned or threw.
    private func finish(_ outcome: Result<ToolResult, any Error>, of call: ToolCall, _ message: IncomingMessage)
        -> Answer
    {
        var problem = Problem.toolError
        let result: ToolResult
        switch outcome {
        case .success(let success):
            result = success
        case .failure(let error as ToolInputError):
            // Until 2025-06-18 bad arguments are a protocol error; since then the model is told, so that it can correct
            // itself (SEP-1303).
            guard call.version >= .v2025_11_25 else {
                return .failure(.invalidParams(error.message), to: message, .toolsCall)
            }
            result = .error(error.message)
        case .failure(is CancellationError):
            return .failure(.cancelled, to: message, .toolsCall)
        case .failure(let error as MCPError):
            return .failure(error, to: message, .toolsCall)
        case .failure(let error):
            if let answer = answer(toAskingError: error, message, .toolsCall) { return answer }
            if let error = error as? ClientRequestError {
                result = .error("The tool could not go on: \(error).")
                break
            }
            logger.error("tool failed", metadata: ["tool": "\(toolName(message))", "error": "\(error)"])
            problem = .handlerFailed
            result = .error("The tool failed.")
        }
        var answer = Answer.result(to: message, .toolsCall, reserving: result.sizeHint) { buffer in
            buffer.writeStaticString("{")
            if call.version.era == .modern { buffer.writeStaticString("\"resultType\":\"complete\",") }
            result.writeMembers(into: &buffer, version: call.version)
            prepared.writeResultEnd(into: &buffer, version: call.version)
        }
        if result.isError { answer.problem = problem }
        return answer
    }

    private func toolName(_ message: IncomingMessage) -> String {
        message.body.withByteView { bytes in message.envelope.name.map { MCPServer.shown($0, bytes) } ?? "" }
    }

    /// Text of a client as an error message may repeat it: at most 128 bytes.
    static func shown(_ text: JSONText, _ bytes: ByteView) -> String {
        String(decoding: text.unescaped(in: bytes).prefix(128), as: UTF8.self)
    }
}
