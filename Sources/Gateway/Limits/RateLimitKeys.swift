import Wire

/// The names of the keys under which Redis keeps how far callers have used their limits.
///
/// ```
/// PREFIX l{TAG}RULE CALLER PART      without the spaces
/// ```
///
/// Each part is a keyed hash in base64url: of the rule's name and kind, of the identity or address, and of the tool, method
/// or pool. All keys of one decision have the same tag, so that they are on one server of a cluster: the caller, where all
/// rules go by the identity, or all by the address, so that the servers share the callers; else `a`, and one server has all
/// limits, since every call has to do with every other one.
struct RateLimitKeys: Sendable {
    /// What the keys of one decision have in common.
    private enum Tag {
        case identity, address, everybody
    }

    private let prefix: [UInt8]
    private let rules: [(kind: RateLimitRule.Key, hash: UInt64)]
    private let pools: [UInt64]
    private let tag: Tag

    /// The names for `rules` and `pools`, each beginning with `prefix`, which has no braces.
    init(_ rules: [RateLimitRule], pools: [String], prefix: String, hash: CallerHash) {
        self.prefix = Array("\(prefix)l{".utf8)
        self.rules = rules.map { ($0.key, hash.name("\($0.key.rawValue) \($0.name)")) }
        self.pools = pools.map { hash.name("pool \($0)") }
        let kinds = Set(rules.map(\.key))
        tag =
            if kinds.isSubset(of: [.identity, .identityAndTool, .identityAndMethod]) {
                .identity
            } else if kinds == [.address] {
                .address
            } else {
                .everybody
            }
    }

    /// Whether the rule at `index` is for `call`.
    func isConcerned(_ index: Int, by call: LimitedCall) -> Bool {
        rules[index].kind != .identityAndTool || call.tool != nil
    }

    /// Calls `body` with the name of the key for `call` under the rule at `index`. Allocates nothing.
    func withName(of call: LimitedCall, under index: Int, _ body: (ByteView) -> Void) {
        withUnsafeTemporaryAllocation(byteCount: prefix.count + RateLimitKeys.longestRest, alignment: 1) { memory in
            var name = KeyWriter(memory)
            name.append(prefix)
            switch tag {
            case .identity: name.append(call.identity)
            case .address: name.append(call.address)
            case .everybody: name.append(UInt8(ascii: "a"))
            }
            name.append(UInt8(ascii: "}"))
            let rule = rules[index]
            name.append(rule.hash)
            if case .everybody = tag {
                switch rule.kind {
                case .identity, .identityAndTool, .identityAndMethod: name.append(call.identity)
                case .address: name.append(call.address)
                case .pool, .global: break
                }
            }
            switch rule.kind {
            case .identity, .address, .global: break
            case .identityAndTool: name.append(call.tool ?? 0)
            case .identityAndMethod: name.append(UInt64(call.method.rawValue))
            case .pool: name.append(pools.indices.contains(call.pool) ? pools[call.pool] : 0)
            }
            body(name.written)
        }
    }

    /// Bytes behind the prefix, at most: a tag, a brace, a rule, a caller, a part.
    private static let longestRest = 22 + 1 + 11 + 22 + 11
}

/// Writes into memory that is long enough; what is not is cut.
private struct KeyWriter {
    private static let digits: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    private let memory: UnsafeMutableRawBufferPointer
    private var count = 0

    init(_ memory: UnsafeMutableRawBufferPointer) {
        self.memory = memory
    }

    var written: ByteView { ByteView(UnsafeRawBufferPointer(rebasing: memory[..<count])) }

    mutating func append(_ byte: UInt8) {
        guard count < memory.count else { return }
        memory[count] = byte
        count &+= 1
    }

    mutating func append(_ bytes: [UInt8]) {
        for byte in bytes { append(byte) }
    }

    mutating func append(_ key: CallerKey) {
        append(key.high)
        append(key.low)
    }

    /// Eleven characters.
    mutating func append(_ word: UInt64) {
        for shift in stride(from: 60 as UInt64, through: 0, by: -6) {
            append(KeyWriter.digits.utf8Start[Int(truncatingIfNeeded: word &>> shift & 63)])
        }
    }
}
