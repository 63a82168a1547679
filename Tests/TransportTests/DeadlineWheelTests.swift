import NIOCore
import NIOEmbedded
import Testing
import Transport

@Suite struct DeadlineWheelTests {
    /// Writes down when its timers were reached.
    private final class Owner: DeadlineOwner {
        var reached: [(timer: DeadlineTimer, at: NIODeadline)] = []
        var onReached: ((DeadlineTimer, NIODeadline) -> Void)?

        func deadlineReached(_ timer: DeadlineTimer, now: NIODeadline) {
            reached.append((timer, now))
            onReached?(timer, now)
        }
    }

    private let loop = EmbeddedEventLoop()
    private let owner = Owner()

    private func at(_ milliseconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .milliseconds(milliseconds) }

    private var reachedAt: [Int64] { owner.reached.map { Int64($0.at.uptimeNanoseconds / 1_000_000) } }

    @Test(arguments: [0, 1, 9, 10, 11, 15, 5_000, 10_230, 10_240, 10_250, 60_000, 3_600_000])
    func `reaches a deadline once, never early and at most 10 ms late`(_ milliseconds: Int64) {
        let wheel = DeadlineWheel(loop)
        let timer = DeadlineTimer()
        wheel.arm(timer, at: at(milliseconds), owner: owner)
        #expect(timer.armedFor == at(milliseconds))
        loop.advanceTime(by: .hours(2))
        #expect(owner.reached.count == 1)
        let late = (reachedAt.first ?? -1) - milliseconds
        #expect((0...10).contains(late), "\(late) ms late")
        #expect(timer.armedFor == nil)
    }

    @Test func `reaches a deadline that has passed at the next slot`() {
        let wheel = DeadlineWheel(loop)
        loop.advanceTime(by: .seconds(100))
        wheel.arm(DeadlineTimer(), at: at(5), owner: owner)
        #expect(owner.reached.isEmpty)
        loop.advanceTime(by: .milliseconds(10))
        #expect(owner.reached.count == 1)
    }

    @Test func `forgets what was disarmed or removed`() {
        let wheel = DeadlineWheel(loop)
        let disarmed = DeadlineTimer()
        let removed = DeadlineTimer()
        wheel.arm(disarmed, at: at(50), owner: owner)
        wheel.arm(removed, at: at(50), owner: owner)
        disarmed.disarm()
        wheel.remove(removed)
        wheel.remove(removed)
        loop.advanceTime(by: .minutes(1))
        #expect(owner.reached.isEmpty)
        // Both can be armed again.
        wheel.arm(disarmed, at: at(61_000), owner: owner)
        wheel.arm(removed, at: at(61_000), owner: owner)
        loop.advanceTime(by: .seconds(2))
        #expect(owner.reached.count == 2)
    }

    @Test func `moves a deadline either way`() {
        let wheel = DeadlineWheel(loop)
        let timer = DeadlineTimer()
        wheel.arm(timer, at: at(100), owner: owner)
        wheel.arm(timer, at: at(200), owner: owner)
        loop.advanceTime(by: .milliseconds(195))
        #expect(reachedAt == [])
        loop.advanceTime(by: .milliseconds(10))
        #expect(reachedAt == [200])
        wheel.arm(timer, at: at(1_000), owner: owner)
        wheel.arm(timer, at: at(300), owner: owner)
        loop.advanceTime(by: .seconds(2))
        #expect(reachedAt == [200, 300])
    }

    @Test func `tells the owner of the last arming`() {
        let wheel = DeadlineWheel(loop)
        let timer = DeadlineTimer()
        let other = Owner()
        wheel.arm(timer, at: at(50), owner: other)
        wheel.arm(timer, at: at(90), owner: owner)
        loop.advanceTime(by: .milliseconds(100))
        #expect(other.reached.isEmpty && owner.reached.count == 1)
    }

    @Test func `does not forget a deadline because another one was armed again`() {
        let wheel = DeadlineWheel(loop)
        let first = DeadlineTimer()
        owner.onReached = { [owner] timer, now in
            if timer === first { wheel.arm(timer, at: now + .seconds(5), owner: owner) }
        }
        wheel.arm(first, at: at(100), owner: owner)
        wheel.arm(DeadlineTimer(), at: at(130), owner: owner)
        loop.advanceTime(by: .milliseconds(150))
        #expect(reachedAt == [100, 130])
        owner.onReached = nil
    }

    @Test func `serves what was due after a long stop`() {
        let wheel = DeadlineWheel(loop)
        for index in 0..<3_000 { wheel.arm(DeadlineTimer(), at: at(Int64(index) * 17), owner: owner) }
        loop.advanceTime(to: at(600_000))
        #expect(owner.reached.count == 3_000)
    }

    @Test func `lets deadlines take each other away`() {
        let wheel = DeadlineWheel(loop)
        let timers = (0..<10).map { _ in DeadlineTimer() }
        owner.onReached = { timer, _ in
            for other in timers where other !== timer { wheel.remove(other) }
        }
        for timer in timers { wheel.arm(timer, at: at(50), owner: owner) }
        loop.advanceTime(by: .seconds(1))
        #expect(owner.reached.count == 1)
        owner.onReached = nil
    }

    @Test func `asks the loop for nothing while nothing waits`() {
        let wheel = DeadlineWheel(loop)
        wheel.arm(DeadlineTimer(), at: at(50), owner: owner)
        loop.advanceTime(by: .milliseconds(50))
        #expect(owner.reached.count == 1)
        // Nothing is scheduled: the loop holds nothing that holds the wheel.
        weak var weakWheel: DeadlineWheel?
        do {
            let other = DeadlineWheel(loop)
            weakWheel = other
            other.arm(DeadlineTimer(), at: loop.now + .milliseconds(20), owner: owner)
            loop.advanceTime(by: .milliseconds(30))
        }
        #expect(weakWheel == nil)
    }

    @Test func `lets go of owners when their deadline was reached, removed, or came by disarmed`() {
        let wheel = DeadlineWheel(loop)
        let timers = (0..<3).map { _ in DeadlineTimer() }
        weak var weakOwner: Owner?
        do {
            let other = Owner()
            weakOwner = other
            for timer in timers { wheel.arm(timer, at: at(50), owner: other) }
        }
        #expect(weakOwner != nil)
        wheel.remove(timers[0])
        timers[1].disarm()
        loop.advanceTime(by: .milliseconds(60))
        #expect(weakOwner == nil)
    }

    @Test func `can be let go of with a hundred thousand timers in one slot`() {
        var wheel: DeadlineWheel? = DeadlineWheel(EmbeddedEventLoop())
        for _ in 0..<100_000 { wheel?.arm(DeadlineTimer(), at: at(50), owner: owner) }
        wheel = nil
        #expect(wheel == nil)
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `does what a list of deadlines would`(_ seed: UInt64) {
        var random = seed
        func next(_ bound: Int64) -> Int64 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int64(random >> 33) % bound
        }
        let loop = EmbeddedEventLoop()
        loop.advanceTime(by: .milliseconds(next(100_000)))
        let wheel = DeadlineWheel(loop)
        let timers = (0..<20).map { _ in DeadlineTimer() }
        var model = [NIODeadline?](repeating: nil, count: timers.count)
        var failures: [String] = []
        owner.onReached = { timer, now in
            guard let index = timers.firstIndex(where: { $0 === timer }), let deadline = model[index] else {
                return failures.append("a timer was reached that is not armed")
            }
            if now < deadline { failures.append("timer \(index) was reached early") }
            model[index] = nil
            // Half of them go on, as a keep-alive does.
            guard next(2) == 0 else { return }
            let again = now + .milliseconds(next(3_000))
            model[index] = again
            wheel.arm(timer, at: again, owner: self.owner)
        }
        for _ in 0..<600 {
            let index = Int(next(Int64(timers.count)))
            switch next(6) {
            case 0, 1, 2:
                let far: Int64 = [30, 300, 3_000, 30_000, 300_000][Int(next(5))]
                let deadline = loop.now + .microseconds(next(far * 1_000))
                model[index] = deadline
                wheel.arm(timers[index], at: deadline, owner: owner)
            case 3:
                model[index] = nil
                timers[index].disarm()
            case 4:
                model[index] = nil
                wheel.remove(timers[index])
            default:
                break
            }
            let step = [0, 1, 7, 10, 100, 2_000, 25_000][Int(next(7))]
            loop.advanceTime(by: .milliseconds(next(Int64(step) + 1)))
            for (index, deadline) in model.enumerated() {
                #expect(timers[index].armedFor == deadline)
                if let deadline, deadline + .milliseconds(10) < loop.now { failures.append("timer \(index) is late") }
            }
        }
        owner.onReached = nil
        #expect(failures == [], "seed \(seed)")
    }
}
