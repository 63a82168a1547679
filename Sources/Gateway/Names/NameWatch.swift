package import Logging
import NIOCore
import Resilience
package import Transport

/// Looks up the names of a configuration, again and again, and tells when what they stand for has changed.
///
/// One actor for the process, pinned to a loop that serves no calls; the lookups themselves wait elsewhere. One task for
/// each name, so that one that is slow to be found out holds up no other.
package actor NameWatch {
    package nonisolated let executor: LoopExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// How long one lookup may take.
    private static let lookupTime = TimeAmount.seconds(5)
    /// What is told within this time is told at once.
    private static let gatheringTime = Duration.seconds(1)

    private struct Entry {
        var name: ResolvedName
        var task: Task<Void, Never>?
        var isAnswered = false
    }

    private let resolver: any NameResolver
    private let board: NameBoard
    private let logger: Logger
    private let changed: @Sendable () async -> Void
    private var random: SeededRandom
    private var interval = NameSettings().interval
    private var entries: [WatchedName: Entry] = [:]
    /// Who waits for each name to have been looked up once.
    private var waiting: [EventLoopPromise<Void>] = []
    private var hasNews = false
    private var teller: Task<Void, Never>?

    /// A watch of no names yet. `changed` is called when addresses have changed, at most once a second, and never twice at a
    /// time.
    package init(
        _ resolver: any NameResolver, board: NameBoard, executor: LoopExecutor, seed: UInt64, logger: Logger,
        changed: @escaping @Sendable () async -> Void
    ) {
        self.resolver = resolver
        self.board = board
        self.executor = executor
        self.logger = logger
        self.changed = changed
        random = SeededRandom(seed: seed)
    }

    /// What is known of the names.
    package var book: NameBook {
        var book = NameBook()
        for (name, entry) in entries { book[name] = entry.name.addresses }
        return book
    }

    /// From now on it is these names that are looked up, each `interval` after its last answer. Returns when each has been
    /// looked up once, or after `patience`: what is found out later is told as a change.
    package func follow(_ names: Set<WatchedName>, interval: Duration, patience: Duration) async -> NameBook {
        self.interval = interval
        for (name, entry) in entries where !names.contains(name) {
            entry.task?.cancel()
            entries[name] = nil
            board.forget(name)
        }
        let now = MonotonicTime(executor.eventLoop.now)
        for name in names where entries[name] == nil {
            entries[name] = Entry(name: ResolvedName(allowing: name.allowedAddresses, at: now))
            entries[name]?.task = Task(executorPreference: executor) { await self.watch(name) }
        }
        if patience > .zero, entries.values.contains(where: { !$0.isAnswered }) { await waitForAnswers(patience) }
        return book
    }

    /// Looks up nothing any more.
    package func stop() {
        for entry in entries.values { entry.task?.cancel() }
        entries = [:]
        teller?.cancel()
        endWaiting()
    }

    private func waitForAnswers(_ patience: Duration) async {
        let promise = executor.eventLoop.makePromise(of: Void.self)
        let limit = executor.eventLoop.scheduleTask(in: TimeAmount(patience)) { promise.succeed() }
        waiting.append(promise)
        try? await promise.futureResult.get()
        limit.cancel()
    }

    private func endWaiting() {
        let promises = waiting
        waiting = []
        for promise in promises { promise.succeed() }
    }

    private func watch(_ name: WatchedName) async {
        while !Task.isCancelled {
            await lookUp(name)
            guard !Task.isCancelled, let next = entries[name]?.name.nextLookup else { return }
            await executor.sleep(for: next - MonotonicTime(executor.eventLoop.now))
        }
    }

    private func lookUp(_ name: WatchedName) async {
        let answer: Result<[IPAddress], NameResolutionError>
        do {
            let future = resolver.addresses(of: name.host, within: Self.lookupTime, on: executor.eventLoop)
            answer = .success(try await future.get().compactMap { IPAddress($0) })
        } catch {
            answer = .failure(error as? NameResolutionError ?? .failed)
        }
        // Whoever looks it up by now knows better.
        guard !Task.isCancelled, var entry = entries[name] else { return }
        let news = entry.name.record(
            answer, interval: interval, at: MonotonicTime(executor.eventLoop.now), random: &random)
        let isFirst = !entry.isAnswered
        entry.isAnswered = true
        entries[name] = entry
        board.note(news.outcome, of: name, entry.name, atMilliseconds: WallClock.milliseconds())
        tell(news, of: name.host, entry.name, isFirst: isFirst)
        if !waiting.isEmpty, entries.values.allSatisfy(\.isAnswered) { endWaiting() }
        guard news.isChange else { return }
        hasNews = true
        if teller == nil { teller = Task(executorPreference: executor) { await self.tellOfChanges() } }
    }

    private func tellOfChanges() async {
        while hasNews, !Task.isCancelled {
            hasNews = false
            await changed()
            await executor.sleep(for: Self.gatheringTime)
        }
        teller = nil
    }

    private func tell(_ news: ResolvedName.News, of host: String, _ name: ResolvedName, isFirst: Bool) {
        func list(_ addresses: [IPAddress]) -> Logger.MetadataValue { .array(addresses.map { "\($0.text)" }) }
        if !news.newlyRefused.isEmpty {
            logger.warning(
                "a name has addresses that backends must not have",
                metadata: ["name": "\(host)", "refused": list(news.newlyRefused)])
        }
        if news.hasBegunToFail, let failure = name.failure, news.outcome == .failed {
            logger.warning(
                "a name cannot be looked up",
                metadata: ["name": "\(host)", "reason": "\(failure.rawValue)", "inUse": list(name.addresses)])
        }
        if news.isChange, !isFirst {
            logger.notice(
                "the addresses of a name have changed",
                metadata: [
                    "name": "\(host)", "added": list(news.added), "removed": list(news.removed),
                    "inUse": list(name.addresses),
                ])
        } else if news.hasRecovered {
            logger.info("a name can be looked up again", metadata: ["name": "\(host)"])
        }
    }
}
