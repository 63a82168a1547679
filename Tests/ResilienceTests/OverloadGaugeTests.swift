import Resilience
import Testing

@Suite struct `Overload gauge` {
    @Test(arguments: [
        (0.79, OverloadLevel.none), (0.8, .high), (0.89, .high), (0.9, .critical), (0.94, .critical),
        (0.95, .exhausted),
        (2, .exhausted), (.infinity, .exhausted), (.nan, .none), (-1, .none),
    ])
    func `finds the level of a share at once`(share: Double, level: OverloadLevel) {
        var (memory, descriptors) = (OverloadGauge(), OverloadGauge())
        let byMemory = memory.read(.init(memory: share), at: .zero)
        let byDescriptors = descriptors.read(.init(descriptors: share), at: .zero)
        #expect(byMemory == level && byDescriptors == level)
    }

    @Test func `is critical when the loops go on lagging`() {
        var gauge = OverloadGauge()
        let levels = [250, 251, 251, 251, 200, 126].enumerated().map {
            gauge.read(.init(lag: .milliseconds($1)), at: .milliseconds(Int64($0) * 100))
        }
        #expect(levels == [.none, .none, .none, .critical, .critical, .critical])
    }

    @Test func `takes no note of a process that was stopped for a while`() {
        var gauge = OverloadGauge()
        let levels = [0, 30_000, 30_000, 1, 30_000].enumerated().map {
            gauge.read(.init(lag: .milliseconds($1)), at: .milliseconds(Int64($0) * 100))
        }
        #expect(levels == [.none, .none, .none, .none, .none])
    }

    @Test func `falls one step in each calm half second`() {
        var gauge = OverloadGauge()
        _ = gauge.read(.init(memory: 0.97), at: .zero)
        let levels = [0.5, 0.9, 1, 1.4, 1.5, 2, 9].map { gauge.read(.init(), at: .seconds($0)) }
        #expect(levels == [.exhausted, .exhausted, .critical, .critical, .high, .none, .none])
    }

    @Test func `does not waver around a threshold`() {
        var gauge = OverloadGauge()
        for step in 0..<100 as Range<Int64> {
            let level = gauge.read(.init(memory: step % 2 == 0 ? 0.81 : 0.76), at: .milliseconds(step * 500))
            #expect(level == .high)
        }
        let levels = [0.74, 0.74, 0.76, 0.74, 0.74].enumerated().map {
            gauge.read(.init(memory: $1), at: .seconds(100 + Double($0) * 0.3))
        }
        #expect(levels == [.high, .high, .high, .high, .high])
        let end = gauge.read(.init(memory: 0.74), at: .seconds(200))
        #expect(end == .none)
    }
}
