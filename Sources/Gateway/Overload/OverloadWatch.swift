import Logging
import NIOCore
import Resilience
import Synchronization
import Telemetry
import Transport

/// Looks ten times a second at how near the process is to its limits, and tells those who are to do something about it: event
/// loops, listeners and the cache (reliability: "Load shedding").
///
/// One actor per process, pinned to a loop that serves no calls.
actor OverloadWatch {
    nonisolated let executor: LoopExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private static let interval = Duration.milliseconds(100)
    /// Where more than half is free, what the process uses is measured after so many looks only. New connections do not fill
    /// that much meanwhile, as they may not, see `ConnectionBudget.allow`.
    private static let calmInterval = 5
    /// After so many measurements, memory that is not used is given back to the system, if there is little of it.
    private static let trimInterval = 10

    private let current: CurrentGeneration
    private let loops: [NIOLoopBound<ServingLoop>]
    private let budget: ConnectionBudget
    private let board: OverloadBoard
    private let logger: Logger
    private let resources = ProcessResources()
    private let thread = WaitingThread()
    private var gauge = OverloadGauge()
    private var beats: [LoopBeat]
    private var looksUntilMeasured = 0
    private var looksUntilTrim = 0

    /// Watches over what `loops` and `budget` serve by the generation in effect, and says on `board` what it finds.
    init(
        _ current: CurrentGeneration, _ loops: [NIOLoopBound<ServingLoop>], budget: ConnectionBudget,
        board: OverloadBoard, executor: LoopExecutor, logger: Logger
    ) {
        self.current = current
        self.loops = loops
        self.budget = budget
        self.board = board
        self.executor = executor
        self.logger = logger
        beats = loops.map { _ in LoopBeat() }
    }

    /// Watches until cancelled.
    func run() async {
        while !Task.isCancelled {
            measure()
            await executor.sleep(for: OverloadWatch.interval)
            look()
        }
        thread.end()
    }

    /// Has it found out what the process uses, for the next look: files are read, and that is nothing for a loop.
    private func measure() {
        looksUntilMeasured -= 1
        let state = board.state
        let isCalm = max(state.memory?.share ?? 0, state.descriptors?.share ?? 0) < 0.5
        guard !isCalm || looksUntilMeasured <= 0 else { return }
        looksUntilMeasured = OverloadWatch.calmInterval
        let (resources, board, budget) = (resources, board, budget)
        let limit = current.value.configuration.limits.memory
        let trims = trimsMemory()
        thread.begin {
            if trims { FreedMemory.giveBack() }
            let memory: ProcessResources.Use? =
                switch limit {
                case .automatic: resources.memoryOfControlGroup()
                case .fixed(let bytes): resources.residentBytes().map { ProcessResources.Use(used: $0, limit: bytes) }
                }
            // First: who comes between is counted twice rather than never.
            let open = budget.openCount
            let descriptors = resources.descriptors()
            if let descriptors { budget.allow(descriptors.roomForConnections, besides: open) }
            board.note(memory: memory, descriptors: descriptors)
        }
    }

    private func look() {
        let now = executor.eventLoop.now
        var lag = Duration.zero
        for index in loops.indices { lag = max(lag, beats[index].beat(loops[index].eventLoop, at: now)) }
        let state = board.state
        let reading = OverloadGauge.Reading(
            memory: state.memory?.share ?? 0, descriptors: state.descriptors?.share ?? 0, lag: lag)
        let level = gauge.read(reading, at: MonotonicTime(now))
        board.note(level, lag: lag)
        if level != state.level {
            tell(level, after: state.level, reading)
            for loop in loops { loop.eventLoop.execute { loop.value.setOverload(level) } }
        }
        if budget.isHeld != (level >= .high) { budget.isHeld = level >= .high }
        // Each time: the cache may be another one since the last look.
        current.plan.cache.setHalved(level >= .high, at: MonotonicTime(now))
    }

    private func tell(_ level: OverloadLevel, after last: OverloadLevel, _ reading: OverloadGauge.Reading) {
        let metadata: Logger.Metadata = [
            "overload": "\(level.label)", "before": "\(last.label)", "memory": "\(reading.memory.percent)",
            "descriptors": "\(reading.descriptors.percent)", "lag": "\(reading.lag.milliseconds) ms",
        ]
        if level > last {
            logger.warning("the process is near its limits", metadata: metadata)
        } else {
            logger.notice("the process is further away from its limits", metadata: metadata)
        }
    }

    private func trimsMemory() -> Bool {
        guard gauge.level >= .high else { return false }
        looksUntilTrim -= 1
        guard looksUntilTrim <= 0 else { return false }
        looksUntilTrim = OverloadWatch.trimInterval
        return true
    }
}

extension ProcessResources.Use {
    /// As many descriptors as new connections may take before no more are accepted.
    fileprivate var roomForConnections: Int { Int((Double(limit) * OverloadGauge.highShare).rounded(.up)) - used }
}

extension Double {
    /// A share as a text such as `93 %`.
    fileprivate var percent: String { "\(Int((Swift.min(Swift.max(self, 0), 100) * 100).rounded())) %" }
}

extension Duration {
    /// Whole milliseconds.
    fileprivate var milliseconds: Int64 {
        components.seconds.multipliedReportingOverflow(by: 1_000).partialValue
            &+ components.attoseconds / 1_000_000_000_000_000
    }
}
