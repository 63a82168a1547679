import Gateway
import Resilience
import Testing

@Suite struct `listening to a backend` {
    private let modernOnly = ListeningMachine.Policy(wantsModern: true, wantsLegacy: false, silence: .seconds(60))
    private let both = ListeningMachine.Policy(wantsModern: true, wantsLegacy: true, silence: .seconds(60))

    private func at(_ seconds: Double) -> MonotonicTime { .zero + .seconds(100) + .seconds(seconds) }

    private func machine(_ policy: ListeningMachine.Policy? = nil) -> ListeningMachine {
        ListeningMachine(policy ?? modernOnly, seed: 1)
    }

    /// A machine whose first line is there at 0.
    private func listening(_ policy: ListeningMachine.Policy? = nil, resources: UInt64 = 0) -> ListeningMachine {
        var machine = machine(policy)
        _ = machine.tick(at: at(0), isDown: false, resourceVersion: resources)
        _ = machine.acknowledged(1, takesResources: true, at: at(0))
        return machine
    }

    // MARK: Opening

    @Test func `does nothing where nothing is wanted`() {
        var machine = machine(ListeningMachine.Policy(wantsModern: false, wantsLegacy: false, silence: .seconds(60)))
        #expect(machine.tick(at: at(0), isDown: false, resourceVersion: 0) == [])
        #expect(machine.state == .off)
    }

    @Test func `opens a line at once, and makes everything void when it is there`() {
        var machine = machine()
        #expect(machine.state == .connecting)
        #expect(
            machine.tick(at: at(0), isDown: false, resourceVersion: 0)
                == [.open(number: 1, era: .modern, namesResources: true)])
        #expect(machine.tick(at: at(1), isDown: false, resourceVersion: 0) == [])
        #expect(machine.acknowledged(1, takesResources: true, at: at(1)) == [.voidEverything])
        #expect(machine.state == .listening)
    }

    @Test func `leaves a backend alone that is down`() {
        var machine = machine()
        #expect(machine.tick(at: at(0), isDown: true, resourceVersion: 0) == [])
        #expect(machine.tick(at: at(1), isDown: false, resourceVersion: 0).count == 1)
    }

    @Test func `gives a line up that takes too long`() {
        var machine = machine()
        _ = machine.tick(at: at(0), isDown: false, resourceVersion: 0)
        #expect(machine.tick(at: at(9.9), isDown: false, resourceVersion: 0) == [])
        #expect(machine.tick(at: at(10), isDown: false, resourceVersion: 0) == [.close(number: 1)])
        #expect(machine.state == .waiting)
        #expect(machine.acknowledged(1, takesResources: true, at: at(10)) == [])
    }

    @Test func `waits longer after each failure, up to half a minute`() {
        var machine = machine()
        var time = at(0)
        var waits: [Duration] = []
        for number in 1...12 {
            let since = time
            while machine.tick(at: time, isDown: false, resourceVersion: 0).isEmpty { time += .milliseconds(10) }
            waits.append(time - since)
            #expect(machine.refused(number, .failed, at: time) == [])
            #expect(machine.state == .waiting)
        }
        #expect(waits[1] <= .seconds(1) && waits[2] <= .seconds(2))
        #expect(waits.allSatisfy { $0 <= .seconds(30) } && waits.contains { $0 > .seconds(3) })
    }

    // MARK: Eras

    @Test func `tries the other era, if that is wanted, and asks again after five minutes`() {
        var machine = machine(both)
        _ = machine.tick(at: at(0), isDown: false, resourceVersion: 0)
        #expect(
            machine.refused(1, .notOffered, at: at(0)) == [.open(number: 2, era: .legacy, namesResources: true)])
        #expect(machine.refused(2, .notOffered, at: at(1)) == [])
        #expect(machine.state == .notOffered)
        #expect(machine.tick(at: at(300), isDown: false, resourceVersion: 0) == [])
        #expect(
            machine.tick(at: at(301), isDown: false, resourceVersion: 0)
                == [.open(number: 3, era: .modern, namesResources: true)])
    }

    @Test func `asks a backend that was down meanwhile at once`() {
        var machine = machine()
        _ = machine.tick(at: at(0), isDown: false, resourceVersion: 0)
        #expect(machine.refused(1, .notOffered, at: at(0)) == [])
        #expect(machine.tick(at: at(10), isDown: true, resourceVersion: 0) == [])
        #expect(machine.tick(at: at(11), isDown: false, resourceVersion: 0).count == 1)
    }

    @Test func `remembers the era that has worked`() {
        var machine = machine(both)
        _ = machine.tick(at: at(0), isDown: false, resourceVersion: 0)
        _ = machine.refused(1, .notOffered, at: at(0))
        #expect(machine.acknowledged(2, takesResources: true, at: at(0)) == [.voidEverything])
        #expect(machine.lost(2, at: at(20)) == [])
        #expect(
            machine.tick(at: at(21), isDown: false, resourceVersion: 0)
                == [.open(number: 3, era: .legacy, namesResources: true)])
    }

    @Test func `leaves resources out where they were the reason for a refusal`() {
        var machine = machine()
        _ = machine.tick(at: at(0), isDown: false, resourceVersion: 5)
        #expect(
            machine.refused(1, .badRequest, at: at(0)) == [.open(number: 2, era: .modern, namesResources: false)])
        #expect(machine.refused(2, .badRequest, at: at(0)) == [])
        #expect(machine.state == .notOffered)
    }

    // MARK: Losing

    @Test func `makes everything void when a lost line is there again`() {
        var machine = listening()
        #expect(machine.lost(1, at: at(30)) == [])
        #expect(machine.state == .waiting)
        #expect(
            machine.tick(at: at(31), isDown: false, resourceVersion: 0)
                == [.open(number: 2, era: .modern, namesResources: true)])
        #expect(machine.acknowledged(2, takesResources: true, at: at(31)) == [.voidEverything])
    }

    @Test func `does not hammer a backend that cuts every line`() {
        var machine = machine()
        var time = at(0)
        var number = 0
        while time < at(120) {
            for action in machine.tick(at: time, isDown: false, resourceVersion: 0) {
                guard case .open = action else { continue }
                number += 1
                _ = machine.acknowledged(number, takesResources: true, at: time)
                _ = machine.lost(number, at: time)
            }
            time += .milliseconds(500)
        }
        #expect((5...30).contains(number))
    }

    @Test func `replaces a line before it reaches the age at which the last one was cut`() {
        var machine = listening()
        _ = machine.lost(1, at: at(40))
        _ = machine.tick(at: at(41), isDown: false, resourceVersion: 0)
        _ = machine.acknowledged(2, takesResources: true, at: at(41))
        #expect(machine.tick(at: at(70), isDown: false, resourceVersion: 0) == [])
        #expect(
            machine.tick(at: at(71), isDown: false, resourceVersion: 0)
                == [.open(number: 3, era: .modern, namesResources: true)])
        // The old one was alive until the new one was there: nothing is missed.
        #expect(
            machine.acknowledged(3, takesResources: true, at: at(71))
                == [.voidNews(of: 3, than: 2), .close(number: 2)])
    }

    @Test func `a line lost while its successor is opened leaves a gap`() {
        var machine = listening(resources: 1)
        _ = machine.tick(at: at(5), isDown: false, resourceVersion: 2)
        #expect(machine.lost(1, at: at(6)) == [])
        #expect(machine.acknowledged(2, takesResources: true, at: at(7)) == [.voidEverything])
        #expect(machine.state == .listening)
    }

    // MARK: Silence

    @Test func `replaces a silent line, and trusts it unless it has sent signs of life before`() {
        for sendsSigns in [false, true] {
            var machine = listening()
            if sendsSigns { machine.heard(1, isKeepAlive: true, at: at(15)) }
            let silent = sendsSigns ? at(75) : at(60)
            #expect(machine.tick(at: silent - .seconds(1), isDown: false, resourceVersion: 0) == [])
            #expect(
                machine.tick(at: silent, isDown: false, resourceVersion: 0)
                    == [.open(number: 2, era: .modern, namesResources: true)])
            #expect(
                machine.acknowledged(2, takesResources: true, at: silent)
                    == [sendsSigns ? .voidEverything : .voidNews(of: 2, than: 1), .close(number: 1)])
        }
    }

    @Test func `a silent line that cannot be replaced is lost`() {
        var machine = listening()
        _ = machine.tick(at: at(60), isDown: false, resourceVersion: 0)
        #expect(machine.refused(2, .failed, at: at(61)) == [.close(number: 1)])
        #expect(machine.state == .waiting)
    }

    @Test func `asks a silent session whether it lives, and replaces it only if not`() {
        let policy = ListeningMachine.Policy(wantsModern: false, wantsLegacy: true, silence: .seconds(60))
        var machine = listening(policy)
        #expect(machine.tick(at: at(60), isDown: false, resourceVersion: 0) == [.ping(number: 1)])
        machine.heard(1, isKeepAlive: false, at: at(61))
        #expect(machine.tick(at: at(120), isDown: false, resourceVersion: 0) == [])
        #expect(machine.tick(at: at(121), isDown: false, resourceVersion: 0) == [.ping(number: 1)])
        #expect(machine.tick(at: at(181), isDown: false, resourceVersion: 0) == [.close(number: 1)])
        #expect(machine.state == .waiting)
    }

    // MARK: Resources

    @Test func `names new resources on a new line, and rarely if they keep coming`() {
        var machine = listening(resources: 1)
        var time = at(1)
        var version: UInt64 = 1
        var number = 1
        while time < at(121) {
            version += 1
            for action in machine.tick(at: time, isDown: false, resourceVersion: version) {
                guard case .open = action else { continue }
                number += 1
                #expect(
                    machine.acknowledged(number, takesResources: true, at: time)
                        == [.voidNews(of: number, than: number - 1), .close(number: number - 1)])
            }
            time += .milliseconds(500)
        }
        #expect((5...12).contains(number))
    }

    @Test func `names new resources on the line of a session`() {
        let policy = ListeningMachine.Policy(wantsModern: false, wantsLegacy: true, silence: .seconds(60))
        var machine = listening(policy, resources: 1)
        #expect(machine.tick(at: at(1), isDown: false, resourceVersion: 2) == [.subscribe(number: 1)])
        #expect(machine.tick(at: at(1.5), isDown: false, resourceVersion: 3) == [])
        #expect(machine.tick(at: at(2), isDown: false, resourceVersion: 3) == [.subscribe(number: 1)])
        #expect(machine.tick(at: at(5), isDown: false, resourceVersion: 3) == [])
    }

    @Test func `does not name resources where the backend takes no note of them`() {
        var machine = machine()
        _ = machine.tick(at: at(0), isDown: false, resourceVersion: 1)
        _ = machine.acknowledged(1, takesResources: false, at: at(0))
        #expect(machine.tick(at: at(10), isDown: false, resourceVersion: 2) == [])
        // Refused later: the line that is there is kept.
        machine = listening(resources: 1)
        _ = machine.tick(at: at(1), isDown: false, resourceVersion: 2)
        #expect(machine.refused(2, .badRequest, at: at(1)) == [])
        #expect(machine.tick(at: at(30), isDown: false, resourceVersion: 3) == [])
        #expect(machine.state == .listening)
    }
}
