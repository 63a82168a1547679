package import Wire

/// Remembers what the cache was asked lately, by the bytes of the call, so that calls that come again and again need no
/// canonical form and no hash: a look takes a comparison of bytes.
///
/// Each place holds the last question that fell there; those that change with every call, as by a progress token, come in
/// vain and cost what they would without.
package struct QuestionMemory: Sendable {
    /// A call, as far as a question follows from it.
    package struct Call: Hashable, Sendable {
        var pool: Int
        var method: MCPMethod
        var era: MCPEra
        var version: MCPProtocolVersion
        var variation: CallerKey
        var identity: CallerKey?
    }

    private struct Entry {
        var call: Call
        var params: [UInt8]
        var question: CacheQuestion
    }

    private static let placeCount = 256
    /// Longer parameters are not remembered.
    private static let longest = 4_096

    private var entries = [Entry?](repeating: nil, count: QuestionMemory.placeCount)

    /// A memory of nothing.
    package init() {}

    /// The question of a call with these `params`, if it came lately.
    package func question(_ call: Call, _ params: ByteView) -> CacheQuestion? {
        guard let entry = entries[place(params)], entry.call == call else { return nil }
        let isSame = entry.params.withUnsafeBytes { ByteView($0).equals(params) }
        return isSame ? entry.question : nil
    }

    /// Remembers `question` in place of what was there.
    package mutating func remember(_ question: CacheQuestion, of call: Call, _ params: ByteView) {
        guard params.count <= QuestionMemory.longest else { return }
        entries[place(params)] = Entry(call: call, params: params.bytes, question: question)
    }

    /// Some bytes of the parameters, mixed: whoever makes others fall on the same place has them asked anew, no more.
    private func place(_ params: ByteView) -> Int {
        var hash = UInt64(truncatingIfNeeded: params.count)
        for part in 0..<8 {
            hash = (hash ^ UInt64(params[params.count &* part / 8])) &* 0x9E37_79B9_7F4A_7C15
        }
        return Int(hash >> 56)
    }
}
