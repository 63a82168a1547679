import Crypto
import NIOCore
import Redis
package import Resilience
import Synchronization
import Wire

/// What gateways that share a Redis agree on to keep answers there: names, seals, and how that went.
package final class SharedStore: Sendable {
    /// What has happened since the start.
    package struct Counts: Sendable {
        /// Looks that found an answer, that found none, that got no reply, and that waited for another gateway.
        package var hits = 0
        package var misses = 0
        package var failures = 0
        package var waits = 0
        /// Answers that were put there.
        package var stores = 0
        /// What lay under the name of an answer and was none, by why.
        package var rejections: [CacheRecordRejection: Int] = [:]
    }

    let coder: CacheRecordCoder
    let spans: StaleSpans
    private let prefix: [UInt8]
    private let state: Mutex<Counts>

    /// A store whose names begin with `prefix`; `secret` is the same on all gateways. Answers of more than `maximumAnswer`
    /// bytes are not read from there. It goes on counting where `previous` is now.
    package init(
        prefix: String, secret: [UInt8], maximumAnswer: Int, spans: StaleSpans, after previous: SharedStore? = nil
    ) {
        state = Mutex(previous?.counts ?? Counts())
        self.prefix = Array(prefix.utf8)
        self.spans = spans
        coder = CacheRecordCoder(secret: secret, maximumAnswer: maximumAnswer)
    }

    /// What has happened.
    package var counts: Counts { state.withLock { $0 } }

    func count(_ change: (inout Counts) -> Void) { state.withLock { change(&$0) } }

    /// Where answers to `question` are kept that were asked for in this generation of what they depend on.
    ///
    /// All names of one question have one hash tag, so that a cluster keeps them together.
    func places(for question: CacheQuestion, generation: UInt64) -> SharedPlaces? {
        guard let first = question.common ?? question.own else { return nil }
        let tag = key(first, generation)
        func place(_ key: CacheKey?) -> SharedPlaces.Place? {
            guard let key = key.map({ self.key($0, generation) }) else { return nil }
            return SharedPlaces.Place(key: key, name: name("answer", tag, key))
        }
        return SharedPlaces(
            common: place(question.common), own: place(question.own), lock: name("flight", tag, tag))
    }

    /// The key in a generation: what is sealed for one is no answer in the next, wherever it is moved.
    private func key(_ key: CacheKey, _ generation: UInt64) -> CacheKey {
        var hasher = SHA256()
        hasher.update(data: key.bytes)
        withUnsafeBytes(of: generation.bigEndian) { hasher.update(bufferPointer: $0) }
        return hasher.finalize().withUnsafeBytes { CacheKey(words: $0) }
    }

    private func name(_ kind: StaticString, _ tag: CacheKey, _ key: CacheKey) -> [UInt8] {
        var name = prefix
        kind.withUTF8Buffer { name += $0 }
        name += ":{".utf8
        name += tag.bytes.prefix(8).hexadecimal
        name += "}:".utf8
        name += key.bytes.hexadecimal
        return name
    }
}

/// Where the answers to one question are kept.
package struct SharedPlaces: Sendable {
    /// One of them.
    struct Place: Sendable {
        /// What the record is sealed for.
        var key: CacheKey
        /// The name in the store.
        var name: [UInt8]
    }

    /// Of the answer for everybody.
    var common: Place?
    /// Of the answer for the caller.
    var own: Place?
    /// Of the mark that somebody fetches it.
    var lock: [UInt8]
}

/// The mark that this gateway fetches an answer.
package struct SharedLock: Sendable {
    /// Its name.
    var name: [UInt8]
    /// Whose it is.
    var token: [UInt8]
}

extension Collection<UInt8> {
    /// Two digits of lower case for each byte.
    fileprivate var hexadecimal: [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }
}
