import MCPServer
import NIOCore
import Wire

/// `POST /mcp/stream`: `process_data` for clients that know nothing of MCP.
///
/// The body is `{"data":{…},"operation":"…"}`. Events: `progress` with `processed` and `total` members of the data, then
/// `complete` with what the tool would have answered, or `error`.
enum DataStream {
    /// Chunks that large data is processed in.
    private static let chunkCount = 100

    /// The page, with faults as the tools have them; a delay is spread over the chunks.
    static func page(_ faults: Faults) -> HTTPStreamPage {
        HTTPStreamPage(path: "/mcp/stream") { body in
            do throws(ToolInputError) {
                let request = try read(body)
                return .stream { outlet in try await run(request, faults, outlet) }
            } catch {
                return .refuse(HTTPPage.Contents(status: 400, form: .json, body: failure(-32_602, error.message)))
            }
        }
    }

    private static func read(_ body: ByteBuffer) throws(ToolInputError) -> DataRequest {
        let arguments: ToolArguments
        do {
            arguments = try ToolArguments(parsing: body)
        } catch let error as JSONError {
            throw ToolInputError(reason(error))
        } catch {
            throw ToolInputError("the body must be a JSON object")
        }
        return try DataRequest(arguments)
    }

    private static func reason(_ error: JSONError) -> String {
        switch error {
        case .syntax(let offset): "the body is not valid JSON at byte \(offset)"
        case .duplicateName(let offset): "the body has two members of one name, the second at byte \(offset)"
        case .tooDeep: "the body is nested more than \(JSONLimits.depth) deep"
        case .tooManyValues: "the body has more than \(JSONLimits.valueCount) values"
        case .nameTooLong: "the body has a name of more than \(JSONLimits.nameBytes) bytes"
        }
    }

    private static func run(_ request: DataRequest, _ faults: Faults, _ outlet: EventOutlet) async throws {
        var run = DataRun(request)
        let total = run.memberCount()
        let chunkSize = max(1, (total &+ chunkCount &- 1) / chunkCount)
        let chunks = max(1, (total &+ chunkSize &- 1) / chunkSize)
        for _ in 0..<chunks {
            if faults.delay > .zero { try await Task.sleep(for: faults.delay / chunks) }
            run.advance(by: chunkSize)
            try await outlet.send(SSEEvent(data: progress(run.processedCount, total), name: "progress"))
        }
        do throws(MCPError) {
            try faults.strike()
        } catch {
            try await outlet.send(SSEEvent(data: failure(error.code, error.message), name: "error"))
            return
        }
        try await outlet.send(SSEEvent(data: request.answer(run.outcome()), name: "complete"))
    }

    private static func progress(_ processed: Int, _ total: Int) -> ByteBuffer {
        var json = ByteBuffer()
        json.writeStaticString("{\"processed\":")
        json.writeDecimal(processed)
        json.writeStaticString(",\"total\":")
        json.writeDecimal(total)
        json.writeStaticString("}")
        return json
    }

    private static func failure(_ code: Int, _ message: String) -> ByteBuffer {
        var json = ByteBuffer()
        json.writeStaticString("{\"error\":{\"code\":")
        json.writeDecimal(code)
        json.writeStaticString(",\"message\":")
        json.writeJSONString(message)
        json.writeStaticString("}}")
        return json
    }
}
