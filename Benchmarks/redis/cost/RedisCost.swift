import Logging
import NIOCore
import NIOPosix
import Redis

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Measures what a `GET` costs the client: CPU time of this process per command, on one event loop.
///
/// usage: redis-cost URL CONCURRENCY COUNT
///
/// Prints user, system and wall-clock microseconds per command, and how many brought no value.
@main
struct RedisCost {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let concurrency = Int(arguments[2]), let count = Int(arguments[3]) else {
            print("usage: redis-cost URL CONCURRENCY COUNT")
            exit(64)
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.any()
        let options = RedisOptions(try RedisURL(arguments[1]), timeout: .seconds(5))
        let client = try await RedisClient(options, loops: [loop], logger: Logger(label: "redis-cost"))
        while !client.status.isUp { try await Task.sleep(for: .milliseconds(5)) }
        let value = String(repeating: "x", count: 100)
        _ = try await client.send(.set("key:000", to: value, for: .seconds(3_600)))
        for round in 0..<2 {
            // The first round warms up.
            let before = Usage.now()
            let run = try await loop.flatSubmit { () -> EventLoopFuture<Int> in
                let run = Run(client.lane(on: loop), count: round == 0 ? count / 10 : count, loop)
                for _ in 0..<concurrency { run.next() }
                return run.done.futureResult
            }.get()
            if round == 1 { Usage.now().report(since: before, count: count, failures: run) }
        }
        await client.shutdown()
        try await group.shutdownGracefully()
    }

    /// Commands in chains: each reply sends the next command.
    private final class Run {
        private let lane: RedisLane
        private var left: Int
        private var waiting = 0
        private var failures = 0
        private let key = ByteBuffer(string: "key:000")
        let done: EventLoopPromise<Int>

        init(_ lane: RedisLane, count: Int, _ loop: any EventLoop) {
            self.lane = lane
            left = count
            done = loop.makePromise()
        }

        func next() {
            guard left > 0 else {
                if waiting == 0 { done.succeed(failures) }
                return
            }
            left -= 1
            waiting += 1
            lane.send(.get(key)) { [self] reply in
                waiting -= 1
                if (try? reply.get().string?.readableBytes) != 100 { failures += 1 }
                next()
            }
        }
    }

    /// Times of this process, in microseconds.
    private struct Usage {
        var user: Double
        var system: Double
        var clock: ContinuousClock.Instant

        static func now() -> Usage {
            var usage = rusage()
            // 0 is the process itself; C libraries differ in the type of the name for it.
            getrusage(0, &usage)
            func microseconds(_ time: timeval) -> Double { Double(time.tv_sec) * 1e6 + Double(time.tv_usec) }
            return Usage(
                user: microseconds(usage.ru_utime), system: microseconds(usage.ru_stime), clock: .now)
        }

        func report(since before: Usage, count: Int, failures: Int) {
            let clock = (self.clock - before.clock) / .microseconds(1)
            let figures = [user - before.user, system - before.system, clock].map { $0 / Double(count) }
            print(figures.map { "\(($0 * 1_000).rounded() / 1_000)" }.joined(separator: " "), failures)
        }
    }
}
