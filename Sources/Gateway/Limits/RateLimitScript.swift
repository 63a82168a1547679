package import Redis

/// The decision about one call under several rules, as Redis makes it: in one round trip, on its own clock, in whole
/// microseconds (GCRA; reliability: "Rate limits").
package enum RateLimitScript {
    /// A script for Redis 7 and later, and its kin.
    ///
    /// Its keys, one for each rule, hold when the bucket will be empty, in microseconds since 1970. For each of them there
    /// are three arguments: what the call is worth in microseconds, what the burst is worth, and 1 if the rule is enforced.
    /// One argument more is taken for the time, for tests.
    ///
    /// The reply is a text: for each key how far in the future, in microseconds, the bucket becomes empty without this call,
    /// with a space between two. A text costs the gateway less than an array. The call is refused if under an enforced rule that and what the call is worth are more than the burst; then nothing is
    /// charged, and else every rule that has the room. Whatever stands where a time should be counts as none, and a time
    /// that is too late, as after a step of the clock, as a full bucket.
    package static func make() -> RedisScript {
        RedisScript(
            """
            local now = tonumber(ARGV[3 * #KEYS + 1])
            if not now then
              local time = redis.call('TIME')
              now = time[1] * 1000000 + time[2]
            end
            local held = redis.call('MGET', unpack(KEYS))
            local ahead, passes = {}, true
            for i = 1, #KEYS do
              local worth, room = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1])
              local at = tonumber(held[i])
              if not (at and at > now) then at = now end
              ahead[i] = math.floor(math.min(at - now, room))
              if ahead[i] + worth > room and ARGV[3 * i] == '1' then passes = false end
            end
            if passes then
              for i = 1, #KEYS do
                local worth, room = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1])
                local next = ahead[i] + worth
                if next <= room then
                  local life = string.format('%.0f', math.max(math.ceil(next / 1000), 1))
                  redis.call('SET', KEYS[i], string.format('%.0f', now + next), 'PX', life)
                end
              end
            end
            for i = 1, #KEYS do ahead[i] = string.format('%.0f', ahead[i]) end
            return table.concat(ahead, ' ')
            """, isWrite: true, reply: .string)
    }
}
