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
            if let error = tool.error(in: call.arguments) { return .ready(finish(.failure(error), message)) }
            switch tool.kind {
            case .synchronous(let handler):
                return .ready(finish(tool.checked(Result { try handler.run(call) }), message))
            case .asynchronous(let handler):
                return run(handler, of: tool, call, message)
            }
        }
    }

    private func run(
        _ handler: any Tool, of tool: RegisteredTool, _ call: ToolCall, _ message: IncomingMessage
    ) -> Reply {
        switch manner(of: message, tool.definition.taskSupport) {
        case .refused(let error):
            let status = message.version.era == .modern ? 400 : 200
            return .ready(.failure(error, to: message, .toolsCall, status: status))
        case .task(let duration):
            return .ready(
                start(call, message, for: duration) { call in tool.checked(await MCPServer.outcome(of: handler, call)) }
            )
        case .inline:
            return .pending { outlet in
                var call = call
                do throws(MCPError) {
                    call.context = CallContext(message, outlet, try exchange(message, outlet), changes)
                } catch {
                    return .failure(error, to: message, .toolsCall)
                }
                return finish(tool.checked(await MCPServer.outcome(of: handler, call)), message)
            }
        }
    }

    private static func outcome(of tool: any Tool, _ call: ToolCall) async -> Result<ToolResult, any Error> {
        do {
            return .success(try await tool.run(call))
        } catch {
            return .failure(error)
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

    /// The answer for what a tool returned or threw. `meta` goes into the result of a legacy client.
    func finish(
        _ outcome: Result<ToolResult, any Error>, _ message: IncomingMessage, _ method: MCPMethod = .toolsCall,
        meta: JSONValue? = nil
    ) -> Answer {
        if case .failure(let required as InputRequired) = outcome { return unfinished(required, message, method) }
        switch settle(outcome, message) {
        case .failure(let error):
            let status = error.problem == .missingCapability ? 400 : 200
            return .failure(error, to: message, method, status: status)
        case .success((let result, let problem)):
            var answer = Answer.result(to: message, method, reserving: result.sizeHint) { buffer in
                writeObject(result, into: &buffer, version: message.version, meta: meta)
            }
            answer.problem = problem
            return answer
        }
    }

    /// What the caller gets for what a tool returned or threw, and what went wrong.
    func settle(
        _ outcome: Result<ToolResult, any Error>, _ message: IncomingMessage
    ) -> Result<(ToolResult, Problem?), MCPError> {
        switch outcome {
        case .success(let result):
            return .success((result, result.isError ? .toolError : nil))
        case .failure(let error as ToolInputError):
            // Until 2025-06-18 bad arguments are a protocol error; since then the model is told, so that it can correct
            // itself (SEP-1303).
            guard message.version >= .v2025_11_25 else { return .failure(.invalidParams(error.message)) }
            return .success((.error(error.message), .toolError))
        case .failure(is CancellationError):
            return .failure(.cancelled)
        case .failure(let error as MCPError):
            return .failure(error)
        case .failure(let error as ClientRequestError):
            if let error = protocolError(error, message) { return .failure(error) }
            return .success((.error("The tool could not go on: \(error)."), .toolError))
        case .failure(let error):
            logger.error("tool failed", metadata: ["tool": "\(toolName(message))", "error": "\(error)"])
            return .success((.error("The tool failed."), .handlerFailed))
        }
    }

    /// Writes a `CallToolResult` as the revision knows it.
    func writeObject(
        _ result: ToolResult, into buffer: inout ByteBuffer, version: MCPProtocolVersion, meta: JSONValue? = nil
    ) {
        buffer.writeStaticString("{")
        if version.era == .modern { buffer.writeStaticString("\"resultType\":\"complete\",") }
        result.writeMembers(into: &buffer, version: version)
        if let meta {
            buffer.writeStaticString(",\"_meta\":")
            buffer.writeJSON(meta)
        }
        prepared.writeResultEnd(into: &buffer, version: version)
    }

    private func toolName(_ message: IncomingMessage) -> String {
        message.body.withByteView { bytes in message.envelope.name.map { MCPServer.shown($0, bytes) } ?? "" }
    }

    /// Text of a client as an error message may repeat it: at most 128 bytes.
    static func shown(_ text: JSONText, _ bytes: ByteView) -> String {
        String(decoding: text.unescaped(in: bytes).prefix(128), as: UTF8.self)
    }
}
