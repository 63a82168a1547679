import NIOCore
import Resilience
import Wire

extension Shard {
    /// The head of a stream has come: from here on it takes no room.
    static func streamBegan(_ call: Call, _ shard: isolated Shard) {
        shard.leavePlace(of: call, at: shard.executor.eventLoop.now)
    }

    /// Gives back what the try of `call` has taken of the room.
    func leavePlace(of call: Call, at now: NIODeadline) {
        let pool = pools[call.poolIndex]
        // First: whoever comes into the pool next finds the room that there is.
        if call.place.isAtBackend { call.backend?.plan.status.leave() }
        call.place.isAtBackend = false
        pool.plan.admission.leave(&call.place, at: MonotonicTime(now))
    }

    /// Whose share a call takes a part of, if shares are limited and it names somebody.
    func identity(of call: Call, in pool: Pool) -> UInt64? {
        pool.plan.admission.countsIdentities ? call.credential(plan.callers)?.low : nil
    }
}

extension Call {
    /// What tells one kind of work from another: the method, or the tool.
    var kindOfWork: Int {
        guard method == .toolsCall, let name = envelope?.name, let request else { return Int(method.rawValue) }
        // FNV-1a: short names, and nobody gains anything by meeting another one.
        return request.body.withByteView { body in
            let name = body[name.range]
            var hash: UInt32 = 2_166_136_261
            for offset in 0..<name.count { hash = (hash ^ UInt32(name[offset])) &* 16_777_619 }
            return Int((hash >> 16) ^ hash)
        }
    }
}
