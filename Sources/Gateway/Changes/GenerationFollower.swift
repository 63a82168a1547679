import Crypto
package import Logging
import NIOCore
package import Redis
import Resilience
package import Transport
import Wire

/// Keeps what this gateway knows of the generations in Redis up to date, and raises them there.
///
/// In Redis there are a hash for each pool and, beside them, a token that every raise replaces by another random one. The
/// token is asked for every 500 ms, and at once when somebody says on the channel that it is another: messages make it
/// faster and are needed for nothing. When it is another one, the hashes are read. A token and not a number: after a
/// failover, a number could come to the same value on another way.
///
/// All keys have one hash tag, so that one script may touch them in a cluster.
package actor GenerationFollower {
    /// Between two looks at the token.
    static let interval = Duration.milliseconds(500)
    /// The same after a failure.
    private static let shortInterval = Duration.milliseconds(200)
    /// Between two rounds, however much is going on.
    private static let pause = Duration.milliseconds(20)
    /// For a reply, at least: what is read may be long.
    private static let shortestTimeout = Duration.milliseconds(200)

    /// KEYS: the hash, the token. ARGV: the channel, the new token, a base in case there is none, by how much numbers are
    /// raised, and then a field, what its number is to exceed, and whether it is to be raised although it does, for each.
    ///
    /// Numbers that are none, or too large to be counted on, count as 0. The message may be forbidden and is not needed.
    private static let script = RedisScript(
        """
        local function number(text)
            local value = tonumber(text or '0')
            if not value or value < 0 or value > 4503599627370496 or value ~= math.floor(value) then return 0 end
            return value
        end
        local base = redis.call('HGET', KEYS[1], 'base')
        if not base or not string.match(base, '^%d+$') then
            base = ARGV[3]
            redis.call('HSET', KEYS[1], 'base', base)
        end
        local reply = {base, redis.call('GET', KEYS[2])}
        for i = 5, #ARGV, 3 do
            local before, above = number(redis.call('HGET', KEYS[1], ARGV[i])), number(ARGV[i + 1])
            local after = before
            if before <= above or ARGV[i + 2] == '1' then
                after = math.max(before, above) + number(ARGV[4])
                redis.call('HSET', KEYS[1], ARGV[i], string.format('%.0f', after))
            end
            reply[#reply + 1] = string.format('%.0f', before)
            reply[#reply + 1] = string.format('%.0f', after)
        end
        redis.call('PEXPIRE', KEYS[1], 2592000000)
        redis.call('SET', KEYS[2], ARGV[2], 'PX', 2592000000)
        redis.pcall('PUBLISH', ARGV[1], ARGV[2])
        return reply
        """, isWrite: true, reply: .aggregate)

    package nonisolated let executor: LoopExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let cache: AnswerCache
    /// The keys of the hashes, of the pools in their order in `cache`.
    private let hashKeys: [String]
    private let redis: RedisClient
    private let prefix: String
    private let timeout: TimeAmount
    private let doorbell = Doorbell()
    private let logger: Logger
    /// The token with which everything was read; `nil` if nothing was.
    private var token: [UInt8]?
    private var hasFailed = false
    private var hasWarned = false

    /// A follower for the pools with these names, in their order in `cache`, of which there is at least one; keys begin with
    /// `prefix`, and `timeout` is that of the client. From here on `cache`
    /// notes what is to be raised.
    package init(
        cache: AnswerCache, pools: [String], redis: RedisClient, prefix: String, timeout: Duration,
        executor: LoopExecutor, logger: Logger
    ) {
        self.cache = cache
        hashKeys = pools.map { "\(prefix){generations}:\(GenerationFollower.hiddenName($0, cache.secret))" }
        self.redis = redis
        self.prefix = prefix
        // With less than the client's own, it would not have the time to send a script that Redis does not know.
        self.timeout = TimeAmount(max(timeout, GenerationFollower.shortestTimeout))
        self.executor = executor
        self.logger = logger
        cache.shareGenerations(doorbell)
    }

    private var tokenKey: String { "\(prefix){generations}:token" }
    private var channel: String { "\(prefix)generations" }

    /// What stands for the name of a pool in Redis, where nobody else is to know it: 24 hexadecimal digits.
    private static func hiddenName(_ pool: String, _ secret: [UInt8]) -> String {
        let code = HMAC<SHA256>.authenticationCode(
            for: Array("mcp-gateway generations v1 \(pool)".utf8), using: SymmetricKey(data: secret))
        return code.prefix(12).map { byte in
            let digits = String(byte, radix: 16)
            return digits.utf8.count == 1 ? "0\(digits)" : digits
        }.joined()
    }

    /// Follows until cancelled.
    package func run() async {
        let doorbell = doorbell
        let subscription = try? await redis.subscribe(to: [channel], on: executor.eventLoop) { event in
            switch event {
            case .began, .message: doorbell.ring()
            case .lost: break
            }
        }
        while !Task.isCancelled {
            await followOnce()
            await executor.sleep(for: GenerationFollower.pause)
            await doorbell.wait(
                on: executor,
                atMost: (hasFailed ? GenerationFollower.shortInterval : GenerationFollower.interval)
                    - GenerationFollower.pause)
        }
        await subscription?.cancel()
    }

    /// Looks once whether something is new, and raises what waits.
    private func followOnce() async {
        let start = MonotonicTime(executor.eventLoop.now)
        do throws(RedisError) {
            guard let token = try await redis.send(.get(tokenKey), timeout: timeout).bytes else {
                // The first gateway, or the first one after a flush.
                try await raise(0, [])
                return doorbell.ring()
            }
            if token != self.token {
                self.token = nil
                for index in hashKeys.indices { try await read(index) }
                self.token = token
            }
            cache.confirmGenerations(since: start)
            for index in hashKeys.indices { try await raise(index) }
            hasWarned = false
            hasFailed = false
        } catch {
            hasFailed = true
            warn(error)
        }
    }

    private func read(_ index: Int) async throws(RedisError) {
        var command = RedisCommand("HGETALL", isWrite: false, reply: .aggregate)
        command.appendKey(hashKeys[index])
        var reply = try await redis.send(command, timeout: timeout)
        if reply["base"]?.number == nil {
            // Makes the hash, with a base.
            try await raise(index, [])
            reply = try await redis.send(command, timeout: timeout)
        }
        guard let base = reply["base"]?.number else { throw .wrongType }
        var numbers: [GenerationField: UInt64] = [:]
        let elements = reply.elements ?? []
        for (name, value) in zip(elements, elements.dropFirst()).enumerated() where name % 2 == 0 {
            guard let field = value.0.text.flatMap({ GenerationField(named: $0) }), let number = value.1.number,
                number <= 1 << 52
            else { continue }
            numbers[field] = number
        }
        cache.read(GenerationLedger.Reading(base: base, numbers: numbers), pool: index)
    }

    private func raise(_ index: Int) async throws(RedisError) {
        let raises = cache.beginRaising(pool: index)
        if !raises.isEmpty { try await raise(index, raises) }
    }

    private func raise(_ index: Int, _ raises: [GenerationLedger.Raise]) async throws(RedisError) {
        var generator = SystemRandomNumberGenerator()
        let news = Array(String(generator.next() as UInt64, radix: 36).utf8)
        var command = RedisCommand(calling: GenerationFollower.script, keyCount: 2)
        command.appendKey(hashKeys[index])
        command.appendKey(tokenKey)
        command.append(channel)
        command.append(news)
        command.append("\((generator.next() as UInt64) >> 1)")
        command.append(Int.random(in: 1...GenerationLedger.longestStep, using: &generator))
        for raise in raises {
            command.append(raise.field.name)
            command.append("\(raise.above)")
            command.append(raise.isChange ? "1" : "0")
        }
        do throws(RedisError) {
            let reply = try await redis.send(command, timeout: timeout)
            let elements = reply.elements ?? []
            guard elements.count == 2 + 2 * raises.count, let base = elements[0].number else {
                throw RedisError.wrongType
            }
            var numbers: [GenerationField: GenerationLedger.Raised.Step] = [:]
            for (position, raise) in raises.enumerated() {
                guard let before = elements[2 + 2 * position].number, let after = elements[3 + 2 * position].number
                else { throw RedisError.wrongType }
                numbers[raise.field] = GenerationLedger.Raised.Step(from: before, to: after)
            }
            cache.endRaising(pool: index, GenerationLedger.Raised(base: base, numbers: numbers))
            // Nobody else has changed anything since everything was read: nor has it to be read now.
            token = !raises.isEmpty && token != nil && elements[1].bytes == token ? news : nil
        } catch {
            if !raises.isEmpty { cache.endRaising(pool: index, nil) }
            throw error
        }
    }

    /// Outages are told by the client; what is left is what the operator can mend.
    private func warn(_ error: RedisError) {
        switch error {
        case .unavailable, .overloaded, .connectionLost, .timeout, .notServing, .readOnly: return
        default: break
        }
        guard !hasWarned else { return }
        hasWarned = true
        logger.warning(
            "changes cannot be shared with other gateways", metadata: ["reason": "\(error.kind.rawValue)"])
    }
}

extension RESPValue {
    /// A copy of the bytes of a string.
    fileprivate var bytes: [UInt8]? { string.map { Array($0.readableBytesView) } }

    fileprivate var text: String? { string.map { String(buffer: $0) } }

    /// A number that is not negative, in either of its forms.
    fileprivate var number: UInt64? { integer.flatMap { UInt64(exactly: $0) } ?? text.flatMap { UInt64($0) } }
}
