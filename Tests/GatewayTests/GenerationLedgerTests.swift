import Gateway
import Resilience
import Testing

@Suite struct `the ledger of generations` {
    private typealias Reading = GenerationLedger.Reading
    private typealias Raised = GenerationLedger.Raised

    private let tools = GenerationField(.tools)
    private let now = MonotonicTime.zero + .seconds(100)

    /// A ledger that has read these numbers just now.
    private func ledger(base: UInt64 = 7, _ numbers: [GenerationField: UInt64] = [:]) -> GenerationLedger {
        var ledger = GenerationLedger(poolCount: 2)
        _ = ledger.read(Reading(base: base, numbers: numbers), pool: 0)
        ledger.confirm(since: now)
        return ledger
    }

    private func generation(_ ledger: GenerationLedger, _ topic: CacheTopic = .tools) -> UInt64? {
        ledger.generation(of: topic, pool: 0, at: now)
    }

    // MARK: Knowing

    @Test func `knows nothing before it has read, and nothing of other pools`() {
        var ledger = GenerationLedger(poolCount: 1)
        #expect(generation(ledger) == nil)
        ledger.confirm(since: now)
        #expect(generation(ledger) == nil)
        #expect(ledger.read(Reading(base: 1, numbers: [:]), pool: 0) == .everything)
        #expect(generation(ledger) != nil)
        #expect(ledger.generation(of: .tools, pool: 1, at: now) == nil)
        #expect(ledger.read(Reading(base: 1, numbers: [:]), pool: 5) == .topics([]))
    }

    @Test func `believes what it knows for a second`() {
        var ledger = ledger()
        #expect(ledger.generation(of: .tools, pool: 0, at: now + .seconds(1)) != nil)
        #expect(ledger.generation(of: .tools, pool: 0, at: now + .milliseconds(1_001)) == nil)
        ledger.confirm(since: now + .seconds(1))
        #expect(ledger.generation(of: .tools, pool: 0, at: now + .seconds(2)) != nil)
        // A reply that comes late confirms nothing newer.
        ledger.confirm(since: now)
        #expect(ledger.generation(of: .tools, pool: 0, at: now + .seconds(2)) != nil)
    }

    @Test func `is the same on two gateways that have read the same, and another for all else`() {
        let first = ledger([tools: 3, .everything: 2])
        #expect(generation(first) == generation(ledger([tools: 3, .everything: 2])))
        let others = [
            ledger([tools: 2, .everything: 3]), ledger([tools: 4, .everything: 2]), ledger([tools: 3]),
            ledger(base: 8, [tools: 3, .everything: 2]),
        ]
        for other in others { #expect(generation(other) != generation(first)) }
        #expect(generation(first) != generation(first, .prompts))
    }

    @Test func `all resources of a group have one number`() {
        let uri = Array("test://a".utf8)
        let group = CacheTopic.resourceGroup(GenerationField.group(of: uri))
        #expect(GenerationField(.resource(uri)) == GenerationField(group))
        #expect(GenerationField(.resource(uri)).topic == group)
        for topic in [CacheTopic.discovery, .tools, .prompts, .resources, group] {
            let field = GenerationField(topic)
            #expect(field.topic == topic && GenerationField(named: field.name) == field)
        }
        #expect(GenerationField(named: "all") == .everything && GenerationField.everything.topic == nil)
        #expect(GenerationField(named: "r1023") != nil)
        for name in ["r1024", "r", "rx", "base", ""] { #expect(GenerationField(named: name) == nil) }
        let groups = Set((0..<10_000).map { GenerationField.group(of: Array("test://\($0)".utf8)) })
        #expect(groups.count == 1_024)
    }

    // MARK: Raising

    @Test func `knows no generation while a change is to be raised`() {
        var ledger = ledger([tools: 3])
        let before = generation(ledger)
        ledger.note([.tools], pool: 0)
        #expect(generation(ledger) == nil && generation(ledger, .prompts) != nil)
        #expect(ledger.beginRaising(pool: 0) == [.init(field: tools, above: 3, isChange: true)])
        #expect(generation(ledger) == nil)
        #expect(ledger.beginRaising(pool: 0) == [])
        #expect(ledger.endRaising(pool: 0, Raised(base: 7, numbers: [tools: .init(from: 3, to: 4)])) == .topics([]))
        #expect(generation(ledger) != nil && generation(ledger) != before)
        // What it reads of itself is no news.
        #expect(ledger.read(Reading(base: 7, numbers: [tools: 4]), pool: 0) == .topics([]))
    }

    @Test func `a change during a raise is raised again`() {
        var ledger = ledger([tools: 3])
        ledger.note([.tools], pool: 0)
        _ = ledger.beginRaising(pool: 0)
        ledger.note([.tools], pool: 0)
        _ = ledger.endRaising(pool: 0, Raised(base: 7, numbers: [tools: .init(from: 3, to: 4)]))
        #expect(generation(ledger) == nil)
        #expect(ledger.beginRaising(pool: 0) == [.init(field: tools, above: 4, isChange: true)])
    }

    @Test func `a raise whose outcome nobody knows is made again`() {
        var ledger = ledger([tools: 3])
        ledger.note([.tools], pool: 0)
        _ = ledger.beginRaising(pool: 0)
        #expect(ledger.endRaising(pool: 0, nil) == .topics([]))
        #expect(generation(ledger) == nil && ledger.openCount == 1)
        #expect(ledger.beginRaising(pool: 0) == [.init(field: tools, above: 3, isChange: true)])
        // The first one had been carried out: as if another gateway had raised it.
        #expect(
            ledger.endRaising(pool: 0, Raised(base: 7, numbers: [tools: .init(from: 4, to: 5)])) == .topics([.tools]))
    }

    @Test func `two gateways that raise at once lose nothing of each other`() {
        var first = ledger([tools: 3])
        var second = first
        first.note([.tools], pool: 0)
        second.note([.tools], pool: 0)
        _ = first.beginRaising(pool: 0)
        _ = second.beginRaising(pool: 0)
        #expect(first.endRaising(pool: 0, Raised(base: 7, numbers: [tools: .init(from: 3, to: 4)])) == .topics([]))
        #expect(
            second.endRaising(pool: 0, Raised(base: 7, numbers: [tools: .init(from: 4, to: 5)])) == .topics([.tools]))
        #expect(first.read(Reading(base: 7, numbers: [tools: 5]), pool: 0) == .topics([.tools]))
        #expect(generation(first) == generation(second))
    }

    @Test func `everything stands for all that waits, at most one change to a field`() {
        var ledger = ledger()
        for number in 0..<20_000 { ledger.note([.resource(Array("test://\(number)".utf8))], pool: 0) }
        #expect(ledger.openCount == 1_024)
        ledger.noteEverything(pool: 0)
        #expect(ledger.openCount == 1)
        #expect(generation(ledger) == nil && generation(ledger, .discovery) == nil)
        #expect(ledger.beginRaising(pool: 0) == [.init(field: .everything, above: 0, isChange: true)])
        #expect(
            ledger.endRaising(pool: 0, Raised(base: 7, numbers: [.everything: .init(from: 2, to: 3)])) == .everything)
    }

    // MARK: Reading

    @Test func `makes void what others have raised`() {
        var ledger = ledger([tools: 3])
        let before = generation(ledger)
        #expect(ledger.read(Reading(base: 7, numbers: [tools: 5]), pool: 0) == .topics([.tools]))
        #expect(generation(ledger) != before)
        #expect(ledger.read(Reading(base: 7, numbers: [tools: 5, .everything: 1]), pool: 0) == .everything)
    }

    @Test func `a number that has fallen is void, unknown, and raised above what was known`() {
        var ledger = ledger([tools: 6])
        #expect(ledger.read(Reading(base: 7, numbers: [tools: 5]), pool: 0) == .topics([.tools]))
        #expect(generation(ledger) == nil)
        #expect(ledger.beginRaising(pool: 0) == [.init(field: tools, above: 6, isChange: false)])
        // Whatever happened to it in between made it void once more.
        #expect(
            ledger.endRaising(pool: 0, Raised(base: 7, numbers: [tools: .init(from: 5, to: 7)])) == .topics([.tools]))
        #expect(generation(ledger) == generation(self.ledger([tools: 7])))
        // A number that is gone has fallen to 0.
        #expect(ledger.read(Reading(base: 7, numbers: [:]), pool: 0) == .topics([.tools]))
        #expect(ledger.beginRaising(pool: 0) == [.init(field: tools, above: 7, isChange: false)])
    }

    @Test func `a change that comes to a number that has fallen is raised once`() {
        var ledger = ledger([tools: 6])
        _ = ledger.read(Reading(base: 7, numbers: [:]), pool: 0)
        ledger.note([.tools], pool: 0)
        #expect(ledger.beginRaising(pool: 0) == [.init(field: tools, above: 6, isChange: true)])
    }

    @Test func `another base makes everything void, and no name comes back`() {
        var ledger = ledger([tools: 6])
        #expect(ledger.read(Reading(base: 8, numbers: [tools: 6]), pool: 0) == .everything)
        #expect(generation(ledger) != generation(self.ledger([tools: 6])))
        #expect(ledger.beginRaising(pool: 0) == [])
        // The same when a raise meets it; what is known then is nothing.
        ledger.note([.prompts], pool: 0)
        _ = ledger.beginRaising(pool: 0)
        let raised = Raised(base: 9, numbers: [GenerationField(.prompts): .init(from: 0, to: 1)])
        #expect(ledger.endRaising(pool: 0, raised) == .everything)
        #expect(generation(ledger) == nil)
    }

    // MARK: Together

    /// Redis as it is asked: a hash that may fall back to an older state, and be flushed.
    private struct Store {
        var base: UInt64 = 1
        var numbers: [GenerationField: UInt64] = [:]

        mutating func raise(
            _ raises: [GenerationLedger.Raise], _ random: inout SeededRandom
        ) -> GenerationLedger.Raised {
            let length = UInt64.random(in: 1...1 << 20, using: &random)
            var steps: [GenerationField: GenerationLedger.Raised.Step] = [:]
            for raise in raises {
                let before = numbers[raise.field] ?? 0
                let after = before <= raise.above || raise.isChange ? max(before, raise.above) + length : before
                numbers[raise.field] = after
                steps[raise.field] = .init(from: before, to: after)
            }
            return GenerationLedger.Raised(base: base, numbers: steps)
        }
    }

    /// Three gateways, one store, changes, lost replies, failovers and flushes by chance. Once all have raised and read,
    /// each has made void what it kept from before every change, and no generation of the time before the change is back.
    @Test(arguments: 1...50 as ClosedRange<UInt64>)
    func `no gateway misses a change, whatever happens to Redis`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var store = Store()
        var snapshot = store
        var ledgers = [GenerationLedger](repeating: GenerationLedger(poolCount: 1), count: 3)
        /// For each gateway, the number of the last change before which it keeps nothing.
        var voidedAt = [0, 0, 0]
        var change = 0
        /// Names that were used before the last change, and by then known to be old by somebody.
        var generationsBefore: Set<UInt64> = []

        func apply(_ void: GenerationLedger.Voided, _ gateway: Int) {
            if void != .topics([]) { voidedAt[gateway] = change }
        }
        func read(_ gateway: Int) {
            apply(ledgers[gateway].read(Reading(base: store.base, numbers: store.numbers), pool: 0), gateway)
            ledgers[gateway].confirm(since: now)
        }
        for gateway in ledgers.indices { read(gateway) }
        for _ in 0..<400 {
            let gateway = Int.random(in: 0..<3, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0, 1:
                for ledger in ledgers { if let name = generation(ledger) { generationsBefore.insert(name) } }
                change += 1
                ledgers[gateway].note([.tools], pool: 0)
                voidedAt[gateway] = change
            case 2, 3, 4: read(gateway)
            case 5, 6, 7:
                let raises = ledgers[gateway].beginRaising(pool: 0)
                guard !raises.isEmpty else { continue }
                let raised = store.raise(raises, &random)
                let isLost = Int.random(in: 0..<4, using: &random) == 0
                apply(ledgers[gateway].endRaising(pool: 0, isLost ? nil : raised), gateway)
            case 8: snapshot = store
            default:
                switch Int.random(in: 0..<6, using: &random) {
                case 0: store = snapshot
                case 1: store = Store(base: random.next())
                default: break
                }
            }
        }
        // Everything settles: all read, and raise, until nobody has anything to raise.
        repeat {
            for gateway in ledgers.indices {
                read(gateway)
                let raises = ledgers[gateway].beginRaising(pool: 0)
                if !raises.isEmpty {
                    apply(ledgers[gateway].endRaising(pool: 0, store.raise(raises, &random)), gateway)
                }
            }
        } while ledgers.contains { $0.openCount > 0 }
        for gateway in ledgers.indices { read(gateway) }
        let names = ledgers.map { generation($0) }
        #expect(names[0] != nil && Set(names).count == 1)
        if change > 0, let name = names[0] { #expect(!generationsBefore.contains(name)) }
        #expect(voidedAt == [change, change, change])
    }
}
