import GatewayTestKit
import Testing

/// Gateways in all kinds of trouble; `scripts/simulate` runs more of them, or a single one.
@Suite struct `a simulated gateway in trouble` {
    /// Seeds that once failed.
    private static let hardSeeds: [UInt64] = [13, 376, 397]
    private func run(_ seed: UInt64) throws {
        let run = try RandomRun(seed: seed)
        run.run()
        for complaint in run.complaints {
            Issue.record("scripts/simulate --seed \(seed): \(complaint)")
        }
    }

    @Test(arguments: 1...100 as ClosedRange<UInt64>)
    func `keeps what it promises`(seed: UInt64) throws {
        try run(seed)
    }

    @Test(arguments: hardSeeds)
    func `keeps it where it once did not`(seed: UInt64) throws {
        try run(seed)
    }

    @Test func `the same seed gives the same course of events`() throws {
        let runs = try (0..<2).map { _ in
            let run = try RandomRun(seed: 77)
            run.run()
            return "\(run.callCount) \(run.goodCount) \(run.settings) \(run.complaints)"
        }
        #expect(runs[0] == runs[1])
    }
}
