import Resilience
import Testing

@Suite struct `Admission queue` {
    private typealias Queue = AdmissionQueue<Int>

    private func fill(_ queue: inout Queue, _ elements: [(Int, UInt64)], at time: MonotonicTime = .zero) {
        for (element, identity) in elements { _ = queue.enqueue(element, identity: identity, at: time) }
    }

    private func drain(_ queue: inout Queue, at time: MonotonicTime) -> [Int] {
        var result: [Int] = []
        while let element = queue.dequeue(at: time) { result.append(element) }
        return result
    }

    @Test func `who came first goes first`() {
        var queue = Queue()
        fill(&queue, [(1, 7), (2, 7), (3, 7)])
        #expect(drain(&queue, at: .milliseconds(99)) == [1, 2, 3])
        #expect(queue.count == 0 && queue.nextRefusal == nil)
    }

    @Test func `identities take turns`() {
        var queue = Queue()
        fill(&queue, [(1, 7), (2, 7), (3, 7), (4, 8), (5, 9), (6, 8)])
        #expect(drain(&queue, at: .zero) == [1, 4, 5, 2, 6, 3])
    }

    @Test func `who came last goes first when the queue has not been empty for long`() {
        var queue = Queue()
        fill(&queue, [(1, 7)])
        fill(&queue, [(2, 7), (3, 7)], at: .milliseconds(90))
        #expect(!queue.isOverloaded(at: .milliseconds(99)))
        #expect(queue.nextRefusal == .milliseconds(100))
        #expect(queue.refuse(at: .milliseconds(99)) == nil)
        #expect(queue.refuse(at: .milliseconds(100)) == 1)
        #expect(queue.refuse(at: .milliseconds(100)) == nil)
        #expect(queue.nextRefusal == .milliseconds(110))
        #expect(drain(&queue, at: .milliseconds(100)) == [3, 2])
        // Empty once, it is as before.
        fill(&queue, [(4, 7), (5, 7)], at: .milliseconds(101))
        #expect(drain(&queue, at: .milliseconds(200)) == [4, 5])
    }

    @Test func `nobody waits longer than the longest wait`() {
        var queue = Queue(.init(emptyInterval: .seconds(10)))
        fill(&queue, [(1, 7)])
        #expect(queue.nextRefusal == .milliseconds(500))
        #expect(queue.refuse(at: .milliseconds(499)) == nil)
        #expect(queue.refuse(at: .milliseconds(500)) == 1)
    }

    @Test func `is full some time, and for one identity when half full`() {
        var queue = Queue(.init(capacity: 4))
        fill(&queue, [(1, 7), (2, 7)])
        #expect(queue.enqueue(3, identity: 7, at: .zero) == .overShare)
        fill(&queue, [(3, 8), (4, 9)])
        #expect(queue.enqueue(5, identity: 9, at: .zero) == .full)
        #expect(queue.count == 4)
        #expect(AdmissionQueue<Int>().configuration.perIdentity == 128)
    }

    @Test func `a ticket is good for once`() {
        var queue = Queue()
        guard case .queued(let ticket) = queue.enqueue(1, identity: 7, at: .zero) else {
            Issue.record("not queued")
            return
        }
        #expect(queue.remove(ticket, at: .zero) == 1)
        #expect(queue.remove(ticket, at: .zero) == nil)
        fill(&queue, [(2, 7)])
        #expect(queue.remove(ticket, at: .zero) == nil)
        #expect(queue.count == 1)
    }

    /// The same rules over plain arrays.
    private struct Model {
        struct Entry {
            var element: Int
            var identity: UInt64
            var arrival: MonotonicTime
        }
        let configuration: Queue.Configuration
        var entries: [Entry] = []
        var turns: [UInt64] = []
        var busySince = MonotonicTime.zero

        func isOverloaded(_ now: MonotonicTime) -> Bool {
            !entries.isEmpty && now - busySince >= configuration.emptyInterval
        }

        mutating func enqueue(_ element: Int, _ identity: UInt64, _ now: MonotonicTime) -> String {
            if entries.count >= configuration.capacity { return "full" }
            if entries.count(where: { $0.identity == identity }) >= configuration.perIdentity { return "overShare" }
            if entries.isEmpty { busySince = now }
            entries.append(Entry(element: element, identity: identity, arrival: now))
            if !turns.contains(identity) { turns.append(identity) }
            return "queued"
        }

        mutating func take(_ index: Int?) -> Int? {
            guard let index else { return nil }
            let entry = entries.remove(at: index)
            if !entries.contains(where: { $0.identity == entry.identity }) { turns.removeAll { $0 == entry.identity } }
            return entry.element
        }

        mutating func dequeue(_ now: MonotonicTime) -> Int? {
            guard let identity = turns.first else { return nil }
            turns.append(turns.removeFirst())
            return take(
                isOverloaded(now)
                    ? entries.lastIndex { $0.identity == identity } : entries.firstIndex { $0.identity == identity })
        }

        mutating func refuse(_ now: MonotonicTime) -> Int? {
            let wait = isOverloaded(now) ? configuration.overloadedWait : configuration.maximumWait
            return take(entries.firstIndex { now - $0.arrival >= wait })
        }
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `agrees with plain lists`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let configuration = Queue.Configuration(
            capacity: 1 + random.next(below: 12), perIdentity: [nil, 3][random.next(below: 2)],
            maximumWait: .milliseconds([50, 500][random.next(below: 2)]))
        var queue = Queue(configuration)
        var model = Model(configuration: configuration)
        var tickets: [(Queue.Ticket, Int)] = []
        var now = MonotonicTime(nanoseconds: random.nextNanoseconds(below: 1 << 40))
        var mismatches = 0
        for step in 0..<3_000 {
            now += .microseconds(random.next(below: 8_000))
            switch random.next(below: 8) {
            case 0...3:
                let identity = UInt64(random.next(below: 5))
                let expected = model.enqueue(step, identity, now)
                switch queue.enqueue(step, identity: identity, at: now) {
                case .queued(let ticket):
                    tickets.append((ticket, step))
                    if expected != "queued" { mismatches += 1 }
                case .full: if expected != "full" { mismatches += 1 }
                case .overShare: if expected != "overShare" { mismatches += 1 }
                }
            case 4, 5:
                if queue.dequeue(at: now) != model.dequeue(now) { mismatches += 1 }
            case 6:
                while true {
                    let (actual, expected) = (queue.refuse(at: now), model.refuse(now))
                    if actual != expected { mismatches += 1 }
                    if actual == nil && expected == nil { break }
                }
            default:
                guard !tickets.isEmpty else { continue }
                let (ticket, element) = tickets.remove(at: random.next(below: tickets.count))
                let expected = model.take(model.entries.firstIndex { $0.element == element })
                if queue.remove(ticket, at: now) != expected { mismatches += 1 }
            }
            if queue.count != model.entries.count { mismatches += 1 }
            if queue.isOverloaded(at: now) != model.isOverloaded(now) { mismatches += 1 }
            // Not before it is said is anybody refused, and then somebody is.
            if let time = queue.nextRefusal {
                var (early, late) = (queue, queue)
                if time > now, early.refuse(at: time - .nanoseconds(1)) != nil { mismatches += 1 }
                if late.refuse(at: max(time, now)) == nil { mismatches += 1 }
            }
            if mismatches > 0 {
                Issue.record("seed \(seed), step \(step)")
                return
            }
        }
    }
}
