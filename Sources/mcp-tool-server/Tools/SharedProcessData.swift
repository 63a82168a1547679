import MCPServer
import NIOCore
import Wire

/// `process_data` with results that other servers share: looks into the memory of this process first, then into Redis, and
/// computes what neither has.
struct SharedProcessData: Tool {
    let definition = ProcessData.toolDefinition
    private let results: RememberedResults
    private let redis: RedisCache

    /// The tool, with results in memory and in `redis`.
    init(_ results: RememberedResults, _ redis: RedisCache) {
        self.results = results
        self.redis = redis
    }

    func run(_ call: ToolCall) async throws -> ToolResult {
        let request = try DataRequest(call.arguments)
        switch results.find(request, call.arguments) {
        case .found(let outcome):
            return .structured(request.answer(outcome))
        case .missing(let keys):
            if let (outcome, timeLeft) = await redis.value(for: keys.meaning), SharedProcessData.isOutcome(outcome) {
                results.counts.record(.redis)
                results.remember(outcome, keys, for: timeLeft)
                return .structured(request.answer(outcome))
            }
            let outcome = request.outcome()
            results.counts.record(.miss)
            results.remember(outcome, keys)
            await redis.store(outcome, for: keys.meaning, timeToLive: results.timeToLive)
            return .structured(request.answer(outcome))
        }
    }

    /// Whether what was found is what this program stores: others can write there, too.
    static func isOutcome(_ text: ByteBuffer) -> Bool {
        let value = try? text.withByteView { bytes throws(JSONError) in try JSONValue.parse(bytes) }
        guard case .object(let members) = value, members.count == 2,
            // The text goes out as it is, without its first byte.
            text.getInteger(at: text.readerIndex, as: UInt8.self) == UInt8(ascii: "{")
        else { return false }
        return members["processed_at"]?.stringValue != nil && members["result"]?.kind == .object
    }
}
