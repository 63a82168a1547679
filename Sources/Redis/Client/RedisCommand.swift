package import Wire

/// A command with what a client must know of it: whether it writes, and where its first key is.
package struct RedisCommand: Sendable {
    /// The words.
    package private(set) var words: RESPCommand
    /// Whether it needs a server that takes writes.
    package let isWrite: Bool
    /// What the reply must be.
    package let reply: RedisReplyType
    /// The number of the word that is the first key, the command's name being 0; 0 when there is no key.
    package private(set) var keyWord: UInt8 = 0
    /// The script that the command calls by its digest.
    package let script: RedisScript?

    /// The command `name`; its words are to be appended. `capacity` is a guess at their bytes.
    package init(_ name: StaticString, isWrite: Bool, reply: RedisReplyType = .any, capacity: Int = 64) {
        words = RESPCommand(name, capacity: capacity)
        self.isWrite = isWrite
        self.reply = reply
        script = nil
    }

    /// A call of `script`, whose keys and then arguments are to be appended: at first `keyCount` keys.
    ///
    /// The server gets the digest only. If it does not know it, the client sends the source, once.
    package init(calling script: RedisScript, keyCount: Int, capacity: Int = 128) {
        words = RESPCommand("EVALSHA", capacity: capacity &+ 48)
        isWrite = script.isWrite
        reply = script.reply
        self.script = script
        words.append(script.digest)
        words.append(keyCount)
    }

    private init(_ words: RESPCommand, like other: RedisCommand) {
        self.words = words
        isWrite = other.isWrite
        reply = other.reply
        keyWord = other.keyWord
        script = nil
    }

    /// Appends a word.
    package mutating func append(_ argument: some RedisArgument) {
        argument.append(to: &words)
    }

    /// Appends a literal word.
    package mutating func append(_ argument: StaticString) {
        words.append(argument)
    }

    /// Appends a key. All keys of one command must hash to one slot where Redis is a cluster.
    package mutating func appendKey(_ key: some RedisArgument) {
        if keyWord == 0 { keyWord = UInt8(clamping: words.wordCount) }
        key.append(to: &words)
    }

    /// Calls `body` with the words as they are sent, to write others of the same length over some of them.
    package mutating func overwriteWords(_ body: (UnsafeMutableRawBufferPointer) -> Void) {
        words.overwriteWords(body)
    }

    /// The slot of a cluster in which the key is; `nil` for a command without one.
    var slot: Int? {
        guard keyWord > 0 else { return nil }
        return words.withWord(Int(keyWord)) { RedisSlot.number(of: $0) }
    }

    /// The same call with the script's source in place of its digest; `nil` if this calls no script by its digest.
    var withSource: RedisCommand? {
        guard let script else { return nil }
        let withSource = script.source.withByteView { RESPCommand("EVAL", $0, wordsOf: words, from: 2) }
        return RedisCommand(withSource, like: self)
    }
}

extension RedisCommand {
    /// `GET`: the value of `key`, or null.
    package static func get(_ key: some RedisArgument) -> RedisCommand {
        var command = RedisCommand("GET", isWrite: false, reply: .string)
        command.appendKey(key)
        return command
    }

    /// `SET` with `PX`: the value of `key` for `life`, which is made 1 ms if shorter. Nothing here is kept for ever.
    ///
    /// - Parameter onlyIfAbsent: leaves a value alone that is there already; then the reply is null.
    package static func set(
        _ key: some RedisArgument, to value: some RedisArgument, for life: Duration, onlyIfAbsent: Bool = false
    ) -> RedisCommand {
        var command = RedisCommand("SET", isWrite: true, reply: .string)
        command.appendKey(key)
        command.append(value)
        command.append("PX")
        let milliseconds = life.components.seconds.multipliedReportingOverflow(by: 1_000)
        // What is longer than a server can count is as good as what it can.
        let whole = milliseconds.overflow ? Int64.max / 4 : milliseconds.partialValue
        let part = life.components.attoseconds / 1_000_000_000_000_000
        command.append(Int(clamping: min(max(whole &+ part, 1), Int64.max / 4)))
        if onlyIfAbsent { command.append("NX") }
        return command
    }

    /// `DEL`: how many of the keys were there.
    package static func delete(_ key: some RedisArgument) -> RedisCommand {
        var command = RedisCommand("DEL", isWrite: true, reply: .integer)
        command.appendKey(key)
        return command
    }

    /// `INCR`: one more than the number that `key` has; 1 if it has none.
    package static func increment(_ key: some RedisArgument) -> RedisCommand {
        var command = RedisCommand("INCR", isWrite: true, reply: .integer)
        command.appendKey(key)
        return command
    }

    /// `PUBLISH`: how many connections of this server have got `message` on `channel`.
    package static func publish(_ message: some RedisArgument, on channel: some RedisArgument) -> RedisCommand {
        var command = RedisCommand("PUBLISH", isWrite: false, reply: .integer)
        command.append(channel)
        command.append(message)
        return command
    }

    /// `PING`: the server answers if it serves anybody.
    package static var ping: RedisCommand { RedisCommand("PING", isWrite: false) }

    /// A call of `script` with these keys and arguments.
    package static func call<Key: RedisArgument, Argument: RedisArgument>(
        _ script: RedisScript, keys: [Key], arguments: [Argument]
    ) -> RedisCommand {
        var command = RedisCommand(calling: script, keyCount: keys.count)
        for key in keys { command.appendKey(key) }
        for argument in arguments { command.append(argument) }
        return command
    }
}
