import NIOCore
import NIOPosix
import Transport

/// One run from the first connection to the report.
struct LoadRun {
    /// How often the run is looked at: for its end, for signals, for the progress line.
    private static let glance = Duration.milliseconds(100)

    private let settings: LoadSettings
    private let workers: [NIOLoopBound<LoadWorker>]
    private var line = ProgressLine()

    private init(_ settings: LoadSettings, _ workers: [NIOLoopBound<LoadWorker>]) {
        self.settings = settings
        self.workers = workers
    }

    /// Does what `settings` say.
    ///
    /// - Throws: `LoadSetUpError` when a connection cannot be made or its handshake fails before the first call.
    static func run(_ settings: LoadSettings) async throws -> LoadReport {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: settings.threads)
        let workers: [NIOLoopBound<LoadWorker>]
        do {
            workers = try await makeWorkers(settings, group)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
        var run = LoadRun(settings, workers)
        let report: Result<LoadReport, any Error>
        do {
            report = .success(try await run.perform())
        } catch {
            report = .failure(error)
        }
        try? await run.each { $0.end() }
        try? await group.shutdownGracefully()
        return try withExtendedLifetime(workers) { try report.get() }
    }

    private static func makeWorkers(
        _ settings: LoadSettings, _ group: MultiThreadedEventLoopGroup
    ) async throws -> [NIOLoopBound<LoadWorker>] {
        var workers: [NIOLoopBound<LoadWorker>] = []
        for index in 0..<settings.threads {
            let loop = group.next()
            let clients = share(of: settings.connections, index, settings.threads)
            let rate = settings.rate.map { $0 / Double(settings.threads) }
            let worker = try await loop.submit {
                let worker = LoadWorker(
                    settings, index: index, clientCount: clients, rate: rate, eventLoop: loop, network: NIONetwork())
                return NIOLoopBound(worker, eventLoop: loop)
            }.get()
            workers.append(worker)
        }
        return workers
    }

    /// The part of `total` that falls to one of `count`.
    static func share(of total: Int, _ index: Int, _ count: Int) -> Int {
        total / count + (index < total % count ? 1 : 0)
    }

    private mutating func perform() async throws -> LoadReport {
        line.show("connecting")
        defer { line.clear() }
        try await each { $0.connect() }
        if settings.warmup > .zero {
            try await each { worker in
                worker.warmUp()
                return worker.eventLoop.makeSucceededVoidFuture()
            }
            try await watch(until: .now + settings.warmup, phase: "warming up") { false }
        }
        let (seconds, processes) = try await measure()
        var counts = LoadCounts()
        for worker in workers { counts.add(try await worker.eventLoop.submit { worker.value.result }.get()) }
        let era = try await workers[0].eventLoop.submit { [worker = workers[0]] in worker.value.era }.get()
        return LoadReport(settings: settings, era: era, seconds: seconds, counts: counts, processes: processes)
    }

    private mutating func measure() async throws -> (Double, [LoadReport.ProcessCPU]) {
        var quota: Int?
        var end: ContinuousClock.Instant?
        let before = settings.processes.map { ProcessTree.cpuTime(of: $0) }
        let start = ContinuousClock.now
        switch settings.end {
        case .duration(let duration): end = start + duration
        case .requests(let count): quota = count
        }
        let threads = settings.threads
        let gate = Gate()
        for (index, worker) in workers.enumerated() {
            let share = quota.map { LoadRun.share(of: $0, index, threads) }
            gate.wait(for: worker.eventLoop.flatSubmit { worker.value.measure(quota: share) })
        }
        try await watch(until: end, phase: "measuring") { gate.isOpen }
        try await each { worker in
            worker.stop()
            return worker.eventLoop.makeSucceededVoidFuture()
        }
        // Bounded by the time-out of the calls that are under way.
        try await gate.opened()
        let seconds = (gate.openedAt - start).inSeconds
        let processes = zip(settings.processes, before).map { process, before in
            var time: CPUTime?
            if let before, let after = ProcessTree.cpuTime(of: process) { time = after - before }
            return LoadReport.ProcessCPU(process: process, time: time)
        }
        return (seconds, processes)
    }

    /// Waits for a point in time, a condition or a signal, and shows how far the run has come.
    private mutating func watch(
        until end: ContinuousClock.Instant?, phase: String, _ isDone: () -> Bool
    ) async throws {
        let start = ContinuousClock.now
        var glances = 0
        while !isDone(), !StopSignal.hasCome {
            let next = ContinuousClock.now + LoadRun.glance
            try await Task.sleep(until: min(next, end ?? next), clock: .continuous)
            if let end, ContinuousClock.now >= end { return }
            glances += 1
            guard line.isShown, glances % 5 == 0 else { continue }
            var progress: [LoadProgress] = []
            for worker in workers { progress.append(try await worker.eventLoop.submit { worker.value.progress }.get()) }
            line.show(progress, elapsed: ContinuousClock.now - start, phase: phase)
        }
    }

    /// Does `body` with each worker on its loop and waits for all the futures.
    private func each(_ body: @escaping @Sendable (LoadWorker) -> EventLoopFuture<Void>) async throws {
        var futures: [EventLoopFuture<Void>] = []
        for worker in workers { futures.append(worker.eventLoop.flatSubmit { body(worker.value) }) }
        for future in futures { try await future.get() }
    }
}
