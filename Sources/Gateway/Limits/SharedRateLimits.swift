package import Redis
import Resilience
package import Wire

/// The rate limits that gateways share through Redis: the command that asks about a call, and what the reply says.
///
/// Immutable; all shards share it.
package final class SharedRateLimits: Sendable {
    /// Later than any time that the script replies with, in microseconds; well within what a double can count.
    private static let horizon: Int64 = 4_000_000_000_000_000

    private let rules: [RateLimitTerms]
    private let limits: [RateLimit]
    private let keys: RateLimitKeys
    private let script: RedisScript
    /// What is asked about a call that counts for one: of a tool, and of anything else, which may be the concern of fewer
    /// rules.
    private let aboutTool, aboutOther: RateLimitQuestion?

    /// The limits of `rules` for these pools, under keys that begin with `prefix`.
    package init(_ rules: [RateLimitRule], pools: [String], prefix: String, hash: CallerHash) {
        let terms = rules.map { RateLimitTerms($0) }
        // Redis counts in microseconds.
        let limits = rules.map {
            RateLimit(count: $0.rate.count, per: $0.rate.period, burst: $0.burst, resolution: .microseconds(1))
        }
        let keys = RateLimitKeys(rules, pools: pools, prefix: prefix, hash: hash)
        let script = RateLimitScript.make()
        func question(isOfTool: Bool) -> RateLimitQuestion? {
            let concerned = terms.indices.filter { keys.isConcerned($0, byTool: isOfTool) }
            return RateLimitQuestion(
                script, keys, concerned.map { ($0, Self.arguments(terms[$0], limits[$0], count: 1)) })
        }
        aboutTool = question(isOfTool: true)
        aboutOther = question(isOfTool: false)
        (self.rules, self.limits, self.keys, self.script) = (terms, limits, keys, script)
    }

    /// What Redis is to be asked about `call`; `nil` if no rule is for it.
    ///
    /// - Parameter time: the time that is to count instead of Redis' own, in microseconds since 1970; for tests.
    package func command(for call: LimitedCall, at time: Int? = nil) -> RedisCommand? {
        let known = call.tool == nil ? aboutOther : aboutTool
        guard var command = (call.count == 1 ? known : question(about: call))?.command(for: call, keys) else {
            return nil
        }
        if let time { command.append(time) }
        return command
    }

    private func question(about call: LimitedCall) -> RateLimitQuestion? {
        let concerned = rules.indices.filter { keys.isConcerned($0, by: call) }
        return RateLimitQuestion(
            script, keys, concerned.map { ($0, Self.arguments(rules[$0], limits[$0], count: call.count)) })
    }

    /// What the script wants to know of a rule: what `count` calls are worth, what the burst is, and whether it is enforced.
    private static func arguments(_ rule: RateLimitTerms, _ limit: RateLimit, count: Int64) -> [Int] {
        [Int(clamping: worth(count, rule, limit)), Int(clamping: room(limit)), rule.isEnforced ? 1 : 0]
    }

    /// What a reply says about `call`, and how it counts; `nil` if it is not what the script replies.
    package func verdict(_ reply: RESPValue, on call: LimitedCall) -> (RateLimitVerdict, RateLimitTally)? {
        reply.string?.withByteView { verdict(ReplyNumbers($0), on: call) }
    }

    private func verdict(_ times: ReplyNumbers, on call: LimitedCall) -> (RateLimitVerdict, RateLimitTally)? {
        var isRefused = false
        // What holds unless a rule refuses, which is rare: then the reply is read again.
        var verdict = RateLimitVerdict(isRefused: false, retryAfterSeconds: 0, quota: nil)
        var tally = RateLimitTally()
        var rest = times
        for index in rules.indices where keys.isConcerned(index, by: call) {
            guard let ahead = rest.next(), ahead <= SharedRateLimits.horizon else { return nil }
            let after = ahead &+ worth(call, index)
            if after > room(index) {
                if rules[index].isEnforced { isRefused = true }
                tally.add(.wouldRefuse, index)
                continue
            }
            tally.add(.allowed, index)
            guard rules[index].isEnforced else { continue }
            let quota = quota(after, index)
            if let nearest = verdict.quota, nearest.remaining <= quota.remaining { continue }
            verdict.quota = quota
        }
        guard rest.isAtEnd else { return nil }
        return isRefused ? refusal(times, call) : (verdict, tally)
    }

    private func refusal(_ times: ReplyNumbers, _ call: LimitedCall) -> (RateLimitVerdict, RateLimitTally) {
        var verdict = RateLimitVerdict(isRefused: true, retryAfterSeconds: 1, quota: nil)
        var tally = RateLimitTally()
        var longest: Int64 = -1
        var rest = times
        for index in rules.indices where keys.isConcerned(index, by: call) {
            let ahead = rest.next() ?? 0
            let wait = ahead &+ worth(call, index) &- room(index)
            guard rules[index].isEnforced, wait > 0 else { continue }
            tally.add(.refused, index)
            guard wait > longest else { continue }
            longest = wait
            verdict.retryAfterSeconds = max(Int(clamping: wait.secondsRoundedUp), 1)
            verdict.quota = quota(ahead, index)
        }
        return (verdict, tally)
    }

    private func quota(_ ahead: Int64, _ index: Int) -> RateLimitVerdict.Quota {
        let emptyAt = MonotonicTime(nanoseconds: ahead &* 1_000)
        return RateLimitVerdict.Quota(
            rule: index, remaining: limits[index].remaining(emptyAt, at: .zero) / rules[index].cost,
            restoredAfterSeconds: Int(clamping: ahead.secondsRoundedUp))
    }

    /// What `call` is worth under the rule at `index`, in microseconds.
    private func worth(_ call: LimitedCall, _ index: Int) -> Int64 {
        Self.worth(call.count, rules[index], limits[index])
    }

    /// What the burst of the rule at `index` is worth, in microseconds.
    private func room(_ index: Int) -> Int64 { Self.room(limits[index]) }

    private static func worth(_ count: Int64, _ rule: RateLimitTerms, _ limit: RateLimit) -> Int64 {
        let microseconds = limit.nanosecondsPerRequest / 1_000
        let (weight, isTooMuch) = rule.cost.multipliedReportingOverflow(by: count)
        let (worth, isTooLong) = microseconds.multipliedReportingOverflow(by: weight)
        return isTooMuch || isTooLong ? horizon : min(worth, horizon)
    }

    private static func room(_ limit: RateLimit) -> Int64 { min(limit.nanosecondsOfBurst / 1_000, horizon - 1) }
}

/// The numbers of a reply, one after the other: digits, with a space between two.
private struct ReplyNumbers {
    private let text: ByteView
    private var offset = 0

    init(_ text: ByteView) {
        self.text = text
    }

    /// Whether none is left.
    var isAtEnd: Bool { offset >= text.count }

    /// The next number; `nil` if what is there is none.
    mutating func next() -> Int64? {
        let start = offset
        var number: Int64 = 0
        while offset < text.count, text[offset] != UInt8(ascii: " ") {
            let digit = text[offset] &- UInt8(ascii: "0")
            // More digits than these are later than any time that the script replies with.
            guard digit < 10, offset - start < 18 else { return nil }
            number = number &* 10 &+ Int64(digit)
            offset += 1
        }
        guard offset > start else { return nil }
        // The last number has no space behind it.
        if offset < text.count, offset + 1 < text.count { offset += 1 }
        return number
    }
}

extension Int64 {
    /// Microseconds as whole seconds.
    fileprivate var secondsRoundedUp: Int64 { self / 1_000_000 &+ (self % 1_000_000 > 0 ? 1 : 0) }
}
