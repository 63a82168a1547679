import Resilience
import Testing

@Suite struct `Breaker word` {
    @Test(arguments: CircuitBreaker.Phase.allCases)
    func `holds phase and generation`(phase: CircuitBreaker.Phase) {
        for generation in [0, 1, 0x8000_0000, UInt32.max] {
            let word = BreakerWord(rawValue: BreakerWord(phase: phase, generation: generation).rawValue)
            #expect(word.phase == phase)
            #expect(word.generation == generation)
            #expect(word.admitsAll == (phase == .closed || phase == .disabled))
        }
    }

    @Test func `admits nobody when it holds no phase`() {
        let word = BreakerWord(rawValue: 0xFF)
        #expect(!word.admitsAll)
        #expect(word.phase == .open)
    }

    @Test func `phases count from zero in their order, and labels differ`() {
        #expect(CircuitBreaker.Phase.allCases.map { Int($0.rawValue) } == Array(0..<5))
        #expect(
            CircuitBreaker.Phase.allCases.map { "\($0.label)" } == [
                "closed", "open", "half_open", "forced_open", "disabled",
            ])
        #expect(Set(CircuitBreaker.Reason.allCases.map { "\($0.label)" }).count == CircuitBreaker.Reason.allCases.count)
    }
}
