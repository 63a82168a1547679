import NIOCore
import Redis
import Testing
import Wire

/// A server that is killed, frozen and blocked while many commands are under way.
@Suite(.needsRedis, .timeLimit(.minutes(5))) struct RedisChaosTests {
    /// Chains of commands on one loop, each of which must bring its own words back, or an error.
    private final class Callers {
        private let lane: RedisLane
        private let loop: any EventLoop
        private var next = 0
        private var waiting = 0
        private var isEnding = false
        private(set) var good = 0
        private(set) var wrong = 0
        private(set) var errors: Set<RedisError.Kind> = []
        private let done: EventLoopPromise<Void>

        init(_ lane: RedisLane, _ loop: any EventLoop) {
            self.lane = lane
            self.loop = loop
            done = loop.makePromise()
        }

        func call() {
            guard !isEnding else {
                if waiting == 0 { done.succeed() }
                return
            }
            next += 1
            waiting += 1
            let words = "words-\(next)-" + String(repeating: "x", count: next % 97)
            var outcomeCount = 0
            lane.send(.make("ECHO", words)) { [self] reply in
                outcomeCount += 1
                if outcomeCount > 1 { wrong += 1 }
                waiting -= 1
                switch reply {
                case .success(let value):
                    if value.string.map({ String(buffer: $0) }) == words { good += 1 } else { wrong += 1 }
                    call()
                case .failure(let error):
                    errors.insert(error.kind)
                    // Not at once: an error may come before `send` returns, and a loop that is busy with tasks sees no input.
                    let bound = NIOLoopBound(self, eventLoop: loop)
                    loop.scheduleTask(in: .milliseconds(20)) { bound.value.call() }
                }
            }
        }

        func end() -> EventLoopFuture<Void> {
            isEnding = true
            return done.futureResult
        }
    }

    @Test func `never takes one reply for another's, and gives each command one outcome`() async throws {
        let server = try await RedisServer.start()
        let test = try await TestClient.connected(RedisOptions(server.url))
        let client = test.client
        let loop = test.loop
        let callers = try await loop.submit {
            let callers = Callers(client.lane(on: loop), loop)
            for _ in 0..<64 { callers.call() }
            return NIOLoopBound(callers, eventLoop: loop)
        }.get()
        for round in 0..<6 {
            // Until it has answered some, so that each round has replies to mix up.
            let before = try await loop.submit { callers.value.good }.get()
            try await eventually("it answers") { try await loop.submit { callers.value.good > before + 100 }.get() }
            switch round % 3 {
            case 0:
                server.freeze()
                try await Task.sleep(for: .milliseconds(60))
                server.thaw()
            case 1:
                server.crash()
                try await server.launch()
            default:
                let other = try await TestClient.connected(.patient(server.url))
                _ = await other.failure(.make("DEBUG", "SLEEP", "0.06"))
                await other.client.shutdown()
            }
        }
        try await loop.flatSubmit { callers.value.end() }.get()
        let (good, wrong, errors) = try await loop.submit {
            (callers.value.good, callers.value.wrong, callers.value.errors)
        }.get()
        #expect(good > 600)
        #expect(wrong == 0)
        #expect(errors.isSubset(of: [.unavailable, .timeout, .connectionLost, .notServing]))
        #expect(errors.contains(.unavailable))
        await client.shutdown()
    }
}
