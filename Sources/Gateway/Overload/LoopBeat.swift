import NIOCore
import Synchronization

/// How late one event loop is: asked now and then to say something, it says it in its next turn.
struct LoopBeat {
    private final class Answer: Sendable {
        let time = Atomic<UInt64>(0)
    }

    private let answer = Answer()
    private var askedAt: NIODeadline?
    private var last = Duration.zero

    /// Nobody has asked yet.
    init() {}

    /// How late `loop` is at `now`: how long it takes, or has taken so far, to answer. Asks again if it has answered.
    mutating func beat(_ loop: any EventLoop, at now: NIODeadline) -> Duration {
        if let askedAt {
            let time = answer.time.load(ordering: .relaxed)
            guard time > 0 else { return max(Duration(now - askedAt), last) }
            last = max(Duration(.uptimeNanoseconds(time) - askedAt), .zero)
        }
        answer.time.store(0, ordering: .relaxed)
        askedAt = now
        let answer = answer
        loop.execute { answer.time.store(max(loop.now.uptimeNanoseconds, 1), ordering: .relaxed) }
        return last
    }
}
