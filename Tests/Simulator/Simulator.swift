import ArgumentParser
import GatewayTestKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Runs simulated gateways in all kinds of trouble, each from a seed, and says what went wrong with which.
@main
struct Simulator: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Run simulated gateways in all kinds of trouble.",
        discussion: """
            Each run has its configuration, backends, clients, faults and network from its seed, takes no time but that
            of its work, and goes the same way each time. What must hold is written in GatewayTestKit/RandomRun.swift.

            EXAMPLES
              scripts/simulate                        the first 3000 seeds
              scripts/simulate --first 5000 --runs 20000
              scripts/simulate --seed 13              one run, and what it was made of
            """)

    @Option(help: "Only this one.") var seed: UInt64?
    @Option(help: "The first seed.") var first: UInt64 = 1
    @Option(help: "How many runs.") var runs = 3_000
    @Option(help: "How many at a time; by default one for each processor.") var jobs: Int?

    func validate() throws {
        guard (1...100_000_000).contains(runs) else { throw ValidationError("--runs must be 1 to 100000000") }
        guard (jobs ?? 1) >= 1 else { throw ValidationError("--jobs must be at least 1") }
    }

    func run() async throws {
        if let seed {
            let run = try RandomRun(seed: seed)
            run.run()
            print("seed \(seed): \(run.callCount) calls, \(run.goodCount) with a result; the pool has")
            print(run.settings, terminator: "")
            report(Outcome(seed: seed, complaints: run.complaints))
            throw run.complaints.isEmpty ? ExitCode.success : ExitCode.failure
        }
        let jobs = jobs ?? max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        let failures = try await withThrowingTaskGroup(of: Outcome.self) { group in
            var started = 0
            var ended = 0
            var failures = 0
            func start() {
                guard started < runs else { return }
                let seed = first &+ UInt64(started)
                started += 1
                group.addTask {
                    let run = try RandomRun(seed: seed)
                    run.run()
                    return Outcome(seed: seed, complaints: run.complaints)
                }
            }
            for _ in 0..<jobs { start() }
            while let outcome = try await group.next() {
                ended += 1
                if !outcome.complaints.isEmpty { failures += 1 }
                report(outcome)
                if ended % 1_000 == 0 { print("\(ended) of \(runs) runs, \(failures) failed") }
                start()
            }
            return failures
        }
        print(failures == 0 ? "all \(runs) runs kept what they promise" : "\(failures) of \(runs) runs failed")
        if failures > 0 { throw ExitCode.failure }
    }

    private struct Outcome: Sendable {
        let seed: UInt64
        let complaints: [String]
    }

    private func report(_ outcome: Outcome) {
        for complaint in outcome.complaints { print("seed \(outcome.seed): \(complaint)") }
    }
}
