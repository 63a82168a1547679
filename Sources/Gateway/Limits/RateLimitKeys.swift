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
    func isConcerned(_ index: Int, by call: LimitedCall) -> Bool { isConcerned(index, byTool: call.tool != nil) }

    /// Whether it is for calls of a tool, or for others.
    func isConcerned(_ index: Int, byTool isOfTool: Bool) -> Bool { isOfTool || rules[index].kind != .identityAndTool }

    /// What of a call stands in a name.
    enum Part: Hashable, Sendable {
        case identity, address, tool, method, pool

        /// How many characters it takes.
        var count: Int {
            switch self {
            case .identity, .address: 22
            case .tool, .method, .pool: 11
            }
        }
    }

    /// The name of the key under the rule at `index`, `A` standing for what differs from call to call, and where that is.
    func name(under index: Int) -> (text: [UInt8], parts: [(offset: Int, part: Part)]) {
        var text = prefix
        var parts: [(offset: Int, part: Part)] = []
        func append(_ part: Part) {
            parts.append((text.count, part))
            text += [UInt8](repeating: UInt8(ascii: "A"), count: part.count)
        }
        switch tag {
        case .identity: append(.identity)
        case .address: append(.address)
        case .everybody: text.append(UInt8(ascii: "a"))
        }
        text.append(UInt8(ascii: "}"))
        let rule = rules[index]
        text += [UInt8](base64URL: rule.hash)
        if case .everybody = tag {
            switch rule.kind {
            case .identity, .identityAndTool, .identityAndMethod: append(.identity)
            case .address: append(.address)
            case .pool, .global: break
            }
        }
        switch rule.kind {
        case .identity, .address, .global: break
        case .identityAndTool: append(.tool)
        case .identityAndMethod: append(.method)
        case .pool: append(.pool)
        }
        return (text, parts)
    }

    /// Writes what `part` is of `call` at `offset`, if it has room there. Allocates nothing.
    func write(_ part: Part, of call: LimitedCall, at offset: Int, in memory: UnsafeMutableRawBufferPointer) {
        guard offset >= 0, offset &+ part.count <= memory.count, let base = memory.baseAddress else { return }
        switch part {
        case .identity: call.identity.writeBase64URL(to: base + offset)
        case .address: call.address.writeBase64URL(to: base + offset)
        case .tool: (call.tool ?? 0).writeBase64URL(to: base + offset)
        case .method: UInt64(call.method.rawValue).writeBase64URL(to: base + offset)
        case .pool: (pools.indices.contains(call.pool) ? pools[call.pool] : 0).writeBase64URL(to: base + offset)
        }
    }
}

extension CallerKey {
    /// Writes 22 characters, for which there must be room.
    fileprivate func writeBase64URL(to target: UnsafeMutableRawPointer) {
        high.writeBase64URL(to: target)
        low.writeBase64URL(to: target + 11)
    }
}

extension UInt64 {
    private static let digits: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    /// Writes eleven characters, for which there must be room, the most significant first.
    fileprivate func writeBase64URL(to target: UnsafeMutableRawPointer) {
        let digits = UInt64.digits.utf8Start
        var rest = self
        for position in stride(from: 10, through: 0, by: -1) {
            target.storeBytes(
                of: digits[Int(truncatingIfNeeded: rest & 63)], toByteOffset: position, as: UInt8.self)
            rest &>>= 6
        }
    }
}

extension [UInt8] {
    /// Eleven characters.
    fileprivate init(base64URL word: UInt64) {
        self = [UInt8](unsafeUninitializedCapacity: 11) { memory, count in
            guard let base = memory.baseAddress else { return }
            word.writeBase64URL(to: UnsafeMutableRawPointer(base))
            count = 11
        }
    }
}
