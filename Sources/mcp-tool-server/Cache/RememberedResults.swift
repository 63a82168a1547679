import MCPServer
import NIOCore
import Resilience
import Telemetry

/// The results of `process_data` that this process remembers, by request.
///
/// A request is looked for as it is spelled first, which costs one hash. Only when that is unknown it is brought into
/// canonical form (RFC 8785), so that it finds the result of a request that says the same in another way.
struct RememberedResults: Sendable {
    /// The names under which the result of a request is looked for.
    struct Keys: Sendable {
        /// Of the arguments, byte for byte.
        var spelling: CacheKey
        /// Of what they say.
        var meaning: CacheKey
    }

    /// What was found.
    enum Lookup: Sendable {
        /// What an equal request got.
        case found(ByteBuffer)
        /// Nothing; the result belongs under these keys.
        case missing(Keys)
    }

    /// Where the results are.
    let memory: MemoryCache
    /// How long a result is good.
    let timeToLive: Duration
    /// Where results came from.
    let counts: CacheCounts

    /// Looks for the result of a request that was read from `arguments`.
    func find(_ request: DataRequest, _ arguments: ToolArguments) -> Lookup {
        let now = MonotonicTime.now()
        let spelling = CacheKey("process_data spelling 1\n", arguments.json)
        if let outcome = memory.value(for: spelling, at: now) { return found(outcome) }
        let keys = Keys(spelling: spelling, meaning: CanonicalRequest.key(of: request) ?? spelling)
        guard keys.meaning != spelling, let outcome = memory.value(for: keys.meaning, at: now) else {
            return .missing(keys)
        }
        memory.name(spelling, as: keys.meaning)
        return found(outcome)
    }

    /// Remembers a result for `timeToLive`, or for what is left of that.
    func remember(_ outcome: ByteBuffer, _ keys: Keys, for timeLeft: Duration? = nil) {
        memory.store(outcome, for: keys.meaning, timeToLive: min(timeLeft ?? timeToLive, timeToLive), at: .now())
        if keys.spelling != keys.meaning { memory.name(keys.spelling, as: keys.meaning) }
    }

    /// Adds what is kept and where results came from as metrics.
    func write(into text: inout PrometheusText) {
        counts.write(into: &text)
        text.gauge("mcp_cache_bytes", help: "Memory that results take.", memory.figures.bytes)
    }

    private func found(_ outcome: ByteBuffer) -> Lookup {
        counts.record(.memory)
        return .found(outcome)
    }
}
