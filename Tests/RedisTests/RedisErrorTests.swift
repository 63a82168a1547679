import NIOCore
import Redis
import Testing

struct RedisErrorTests {
    @Test func `tells errors apart by their first word`() {
        let samples: [(String, RedisError)] = [
            ("LOADING Redis is loading the dataset in memory", .notServing),
            ("BUSY Redis is busy running a script.", .notServing),
            ("READONLY You can't write against a read only replica.", .readOnly),
            ("MASTERDOWN Link with MASTER is down", .readOnly),
            ("OOM command not allowed when used memory > 'maxmemory'.", .outOfMemory),
            ("MISCONF Redis is configured to save RDB snapshots", .misconfigured),
            ("NOREPLICAS Not enough good replicas to write.", .misconfigured),
            ("NOSCRIPT No matching script. Please use EVAL.", .noScript),
            ("MOVED 3999 127.0.0.1:6381", .moved(RedisRedirection(slot: 3_999, host: "127.0.0.1", port: 6_381))),
            ("MOVED 0 ::1:6381", .moved(RedisRedirection(slot: 0, host: "::1", port: 6_381))),
            ("MOVED 16383 :6381", .moved(RedisRedirection(slot: 16_383, host: "", port: 6_381))),
            ("ASK 3999 redis.example:1", .ask(RedisRedirection(slot: 3_999, host: "redis.example", port: 1))),
            ("MOVED", .protocolViolation),
            ("MOVED 16384 h:1", .protocolViolation),
            ("MOVED 1 h:65536", .protocolViolation),
            ("ASK 1 h", .protocolViolation),
            ("TRYAGAIN Multiple keys request during rehashing of slot", .tryAgain),
            ("CLUSTERDOWN Hash slot not served", .clusterDown),
            ("NOAUTH Authentication required.", .authentication),
            ("WRONGPASS invalid username-password pair", .authentication),
            ("NOPERM this user has no permissions", .authentication),
            ("WRONGTYPE Operation against a key", .wrongType),
            ("ERR unknown command", .refused("ERR unknown command")),
            ("LOADINGS", .refused("LOADINGS")),
            ("loading x", .refused("loading x")),
            ("", .refused("")),
        ]
        for (text, error) in samples { #expect(RedisError(ByteBuffer(string: text)) == error, "\(text)") }
    }

    @Test func `keeps only the beginning of a long error`() {
        let error = RedisError(ByteBuffer(string: String(repeating: "x", count: 100_000)))
        #expect(error == .refused(String(repeating: "x", count: 512)))
    }
}
