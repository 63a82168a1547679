import NIOCore
import NIOEmbedded
import NIOPosix
import Testing
import Transport

@Suite struct LoopExecutorTests {
    private struct Refused: Error, Equatable {
        var number: Int
    }

    private actor Counter {
        let executor: LoopExecutor
        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
        var count = 0

        init(_ executor: LoopExecutor) {
            self.executor = executor
        }

        static func add(_ number: Int, on counter: isolated Counter) -> Int {
            counter.count += number
            return counter.count
        }

        static func addPositive(_ number: Int, on counter: isolated Counter) throws(Refused) -> Int {
            guard number > 0 else { throw Refused(number: number) }
            return add(number, on: counter)
        }

        static func addAny(_ number: Int, on counter: isolated Counter) throws -> Int {
            try addPositive(number, on: counter)
        }

        static func nest(_ number: Int, on counter: isolated Counter) -> Int {
            counter.executor.enter(counter, Counter.add, number)
        }

        func inEventLoop() -> Bool { executor.eventLoop.inEventLoop }
    }

    private func onLoop<Value: Sendable>(_ body: @escaping @Sendable (LoopExecutor, Counter) throws -> Value)
        async throws
        -> Value
    {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let executor = LoopExecutor(loop)
        let counter = Counter(executor)
        return try await loop.submit { try body(executor, counter) }.get()
    }

    @Test func `enters an actor and brings its result back`() async throws {
        let results = try await onLoop { executor, counter in
            [executor.enter(counter, Counter.add, 2), executor.enter(counter, Counter.add, 3)]
        }
        #expect(results == [2, 5])
    }

    @Test func `throws on what the entered function throws, and can be entered again`() async throws {
        let results = try await onLoop { executor, counter -> [Int] in
            var results: [Int] = []
            do throws(Refused) {
                results.append(try executor.enter(counter, Counter.addPositive, 4))
                results.append(try executor.enter(counter, Counter.addPositive, -1))
            } catch {
                results.append(error.number)
            }
            do {
                results.append(try executor.enter(counter, Counter.addAny, 0))
            } catch let error as Refused {
                results.append(error.number)
            }
            results.append(executor.enter(counter, Counter.add, 1))
            return results
        }
        #expect(results == [4, -1, 0, 5])
    }

    #if DEBUG
        @Test func `traps on a nested entry in debug builds`() async {
            await #expect(processExitsWith: .failure) {
                let loop = MultiThreadedEventLoopGroup.singleton.any()
                let executor = LoopExecutor(loop)
                let counter = Counter(executor)
                _ = try await loop.submit { executor.enter(counter, Counter.nest, 1) }.get()
            }
        }

        @Test func `traps on an entry from another thread in debug builds`() async {
            await #expect(processExitsWith: .failure) {
                let executor = LoopExecutor(MultiThreadedEventLoopGroup.singleton.any())
                let counter = Counter(executor)
                _ = executor.enter(counter, Counter.add, 1)
            }
        }
    #endif

    @Test func `runs an actor on its loop`() async {
        let executor = LoopExecutor(MultiThreadedEventLoopGroup.singleton.any())
        let counter = Counter(executor)
        #expect(await counter.inEventLoop())
    }

    @Test func `resumes a task that prefers it on the loop`() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let executor = LoopExecutor(loop)
        let places = await Task(executorPreference: executor) { () -> [Bool] in
            var places = [loop.inEventLoop]
            await withCheckedContinuation { continuation in
                // Resumed by a thread that is not the loop's.
                NIOThreadPool.singleton.submit { _ in continuation.resume() }
            }
            places.append(loop.inEventLoop)
            await Task.yield()
            places.append(loop.inEventLoop)
            return places
        }.value
        #expect(places == [true, true, true])
    }

    @Test func `knows whether code runs on its loop`() async throws {
        let executor = LoopExecutor(MultiThreadedEventLoopGroup.singleton.any())
        #expect(executor.isIsolatingCurrentContext() == false)
        #expect(try await executor.eventLoop.submit { executor.isIsolatingCurrentContext() }.get() == true)
    }
}
