package import NIOCore

/// What is told when a deadline has come.
package protocol DeadlineOwner: AnyObject {
    /// The deadline of `timer` has passed; it is no longer armed. Called on the loop, outside of any actor.
    func deadlineReached(_ timer: DeadlineTimer, now: NIODeadline)
}

/// One deadline that is moved many times and seldom reached: of a connection, a call, a stream.
///
/// Moving a deadline further away, and taking it away, is one store; the wheel finds out when it comes by. Belongs to one
/// loop; not `Sendable`.
package final class DeadlineTimer {
    fileprivate static let never = UInt64.max

    /// The point in time, in nanoseconds of the loop's clock; `never` when not armed.
    fileprivate var deadline = DeadlineTimer.never
    /// The tick under which the wheel holds this timer; `never` when it does not.
    fileprivate var tick = DeadlineTimer.never
    fileprivate var next: DeadlineTimer?
    fileprivate unowned(unsafe) var previous: DeadlineTimer?
    fileprivate var owner: (any DeadlineOwner)?

    /// A timer that is not armed.
    package init() {}

    /// The point in time it is armed for, if it is.
    package var armedFor: NIODeadline? {
        deadline == DeadlineTimer.never ? nil : .uptimeNanoseconds(deadline)
    }

    /// Takes the deadline away; the wheel forgets the timer when it comes by.
    package func disarm() {
        deadline = DeadlineTimer.never
    }
}

@available(*, unavailable)
extension DeadlineTimer: Sendable {}

/// All deadlines of one loop in a timing wheel of 1,024 slots of 10 ms (Varghese and Lauck, "Hashed and hierarchical
/// timing wheels", 1987).
///
/// The loop is asked for one callback at a time, at the first slot that holds a timer, and for none while the wheel is
/// empty. A deadline is reached at most one slot late and never early. Deadlines beyond one turn (10.24 s) wait in the
/// last slot and move on when it comes by.
///
/// `@unchecked Sendable`: a loop takes callbacks from `Sendable` handlers only; every member is touched on the loop alone,
/// which the callers (connections of that loop) and the callback guarantee.
package final class DeadlineWheel: NIOScheduledCallbackHandler, @unchecked Sendable {
    private static let slotNanoseconds: UInt64 = 10_000_000
    private static let slotCount: UInt64 = 1_024

    private let eventLoop: any EventLoop
    private var slots = [DeadlineTimer?](repeating: nil, count: Int(DeadlineWheel.slotCount))
    private var occupied = [UInt64](repeating: 0, count: Int(DeadlineWheel.slotCount / 64))
    /// Every tick up to this one has been served.
    private var servedTick: UInt64 = 0
    private var scheduled: (tick: UInt64, callback: NIOScheduledCallback)?
    /// While slots are being served nothing is scheduled: which slot comes next is known when all of them were.
    private var isServing = false

    /// A wheel on `eventLoop`.
    package init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        servedTick = eventLoop.now.uptimeNanoseconds / DeadlineWheel.slotNanoseconds
    }

    /// Arms `timer` for `deadline`; an earlier or later one that it had is replaced.
    package func arm(_ timer: DeadlineTimer, at deadline: NIODeadline, owner: any DeadlineOwner) {
        timer.deadline = deadline.uptimeNanoseconds
        if timer.owner !== owner { timer.owner = owner }
        if scheduled == nil, !isServing {
            // Nothing was armed, so nobody has come by: what lies behind counts as served.
            servedTick = max(servedTick, eventLoop.now.uptimeNanoseconds / DeadlineWheel.slotNanoseconds)
        }
        let tick = tickFor(timer.deadline)
        guard tick < timer.tick else { return }  // held under an earlier or the same tick: the wheel will look again
        unlink(timer)
        link(timer, tick: tick)
    }

    /// Disarms `timer` and lets go of its owner at once; for the end of a connection.
    package func remove(_ timer: DeadlineTimer) {
        timer.disarm()
        unlink(timer)
        timer.owner = nil
    }

    private func tickFor(_ nanoseconds: UInt64) -> UInt64 {
        // Rounded up, so that no deadline is served early.
        let (sum, overflow) = nanoseconds.addingReportingOverflow(DeadlineWheel.slotNanoseconds - 1)
        let tick = overflow ? UInt64.max / DeadlineWheel.slotNanoseconds : sum / DeadlineWheel.slotNanoseconds
        return min(max(tick, servedTick + 1), servedTick + DeadlineWheel.slotCount - 1)
    }

    private func link(_ timer: DeadlineTimer, tick: UInt64) {
        let slot = Int(tick % DeadlineWheel.slotCount)
        timer.tick = tick
        timer.next = slots[slot]
        timer.next?.previous = timer
        timer.previous = nil
        slots[slot] = timer
        occupied[slot / 64] |= 1 << UInt64(slot % 64)
        if !isServing { schedule(tick) }
    }

    private func unlink(_ timer: DeadlineTimer) {
        guard timer.tick != DeadlineTimer.never else { return }
        let slot = Int(timer.tick % DeadlineWheel.slotCount)
        if let previous = timer.previous {
            previous.next = timer.next
        } else {
            slots[slot] = timer.next
            if timer.next == nil { occupied[slot / 64] &= ~(1 << UInt64(slot % 64)) }
        }
        timer.next?.previous = timer.previous
        timer.next = nil
        timer.previous = nil
        timer.tick = DeadlineTimer.never
    }

    /// Asks the loop to come back at `tick`, unless it comes earlier anyway.
    private func schedule(_ tick: UInt64) {
        if let scheduled {
            guard tick < scheduled.tick else { return }
            scheduled.callback.cancel()
        }
        let time = NIODeadline.uptimeNanoseconds(tick * DeadlineWheel.slotNanoseconds)
        // A loop that is shutting down takes no callbacks; nothing waits for deadlines then.
        guard let callback = try? eventLoop.scheduleCallback(at: time, handler: self) else { return }
        scheduled = (tick, callback)
    }

    package func handleScheduledCallback(eventLoop: some EventLoop) {
        scheduled = nil
        isServing = true
        let now = eventLoop.now
        let nowTick = now.uptimeNanoseconds / DeadlineWheel.slotNanoseconds
        // After a long stop every slot is visited once, not once per turn missed.
        let oneTurnAgo = nowTick - min(nowTick, DeadlineWheel.slotCount - 1)
        let firstTick = max(servedTick + 1, oneTurnAgo)
        if firstTick <= nowTick {
            for tick in firstTick...nowTick {
                let slot = Int(tick % DeadlineWheel.slotCount)
                if occupied[slot / 64] & (1 << UInt64(slot % 64)) != 0 { serve(slot, now: now, nowTick: nowTick) }
            }
            servedTick = max(servedTick, nowTick)
        }
        isServing = false
        if let tick = firstOccupiedTick() { schedule(tick) }
    }

    private func serve(_ slot: Int, now: NIODeadline, nowTick: UInt64) {
        servedTick = max(servedTick, nowTick)
        // Taken out first: a reached deadline may arm others, in this slot too.
        var head = slots[slot]
        slots[slot] = nil
        occupied[slot / 64] &= ~(1 << UInt64(slot % 64))
        var due: [DeadlineTimer] = []
        while let timer = head {
            head = timer.next
            timer.next = nil
            timer.previous = nil
            timer.tick = DeadlineTimer.never
            if timer.deadline == DeadlineTimer.never {
                timer.owner = nil
            } else if timer.deadline > now.uptimeNanoseconds {
                link(timer, tick: tickFor(timer.deadline))
            } else {
                due.append(timer)
            }
        }
        for timer in due where timer.deadline <= now.uptimeNanoseconds && timer.tick == DeadlineTimer.never {
            let owner = timer.owner
            timer.deadline = DeadlineTimer.never
            timer.owner = nil
            owner?.deadlineReached(timer, now: now)
        }
    }

    private func firstOccupiedTick() -> UInt64? {
        var tick = servedTick + 1
        let end = tick + DeadlineWheel.slotCount
        while tick < end {
            let slot = Int(tick % DeadlineWheel.slotCount)
            let word = occupied[slot / 64] >> UInt64(slot % 64)
            if word != 0 {
                let found = tick + UInt64(word.trailingZeroBitCount)
                return found < end ? found : nil
            }
            tick += 64 - UInt64(slot % 64)
        }
        return nil
    }

    deinit {
        // One by one: letting go of the first of a long chain would let go of all others recursively.
        for slot in slots.indices {
            var head = slots[slot]
            slots[slot] = nil
            while let timer = head {
                head = timer.next
                timer.next = nil
                timer.tick = DeadlineTimer.never
                timer.owner = nil
            }
        }
    }
}
