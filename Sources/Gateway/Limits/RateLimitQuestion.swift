import Redis

/// What Redis is asked about a call: a command that is whole but for what differs from call to call, and where that stands.
///
/// An object, since it is looked at for each call and has much in it that would be retained.
final class RateLimitQuestion: Sendable {
    private let command: RedisCommand
    private let parts: [(offset: Int, part: RateLimitKeys.Part)]

    /// The one that calls `script` with the keys under these rules and with three arguments for each; `nil` for no rule.
    init?(_ script: RedisScript, _ keys: RateLimitKeys, _ rules: [(index: Int, arguments: [Int])]) {
        guard !rules.isEmpty else { return nil }
        var command = RedisCommand(calling: script, keyCount: rules.count, capacity: rules.count * 128)
        let names = rules.map { keys.name(under: $0.index) }
        for name in names { command.appendKey(name.text) }
        for rule in rules {
            for argument in rule.arguments { command.append(argument) }
        }
        parts = names.enumerated().flatMap { position, name in
            let start = Int(command.words.range(ofWord: Int(command.keyWord) + position).start)
            return name.parts.map { (start + $0.offset, $0.part) }
        }
        self.command = command
    }

    /// The command about `call`; allocates nothing but its bytes.
    func command(for call: LimitedCall, _ keys: RateLimitKeys) -> RedisCommand {
        var command = command
        command.overwriteWords { bytes in
            for (offset, part) in parts { keys.write(part, of: call, at: offset, in: bytes) }
        }
        return command
    }
}
