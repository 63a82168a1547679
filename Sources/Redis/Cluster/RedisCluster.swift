import NIOCore
import Resilience
import Wire

/// What one event loop has of a cluster: a link to every master, and a map that tells which of them has which slot.
///
/// The map is asked for at the start, when a server refuses a slot, when one is lost, and every half minute; once a second at
/// most. A command that comes to the wrong server goes on to the right one, at most twice. Belongs to its loop; not
/// `Sendable`.
final class RedisCluster {
    /// How often a command may be sent on.
    private static let maximumRedirections = 2
    private static let shortestRefresh = TimeAmount.seconds(1)
    private static let longestRefresh = TimeAmount.seconds(30)
    /// More servers than the specification recommends.
    private static let maximumNodes = 1_000

    private let dialer: RedisDialer
    private let eventLoop: any EventLoop
    private let status: RedisStatus
    private var random: SeededRandom
    private let seeds: [RedisAddress]
    private var links: [RedisAddress: RedisLink] = [:]
    /// The server of each slot, if it is known.
    private var owners = [RedisLink?](repeating: nil, count: RedisSlot.count)
    private var hasMap = false
    private let refreshTimer: LoopTimer
    private var lastRefresh: NIODeadline?
    private var isRefreshing = false
    private var isClosed = false

    /// A cluster; it is connected to when it is told to `start`.
    init(dialer: RedisDialer, on eventLoop: any EventLoop, status: RedisStatus, seed: UInt64) {
        self.dialer = dialer
        self.eventLoop = eventLoop
        self.status = status
        random = SeededRandom(seed: seed)
        var seeds = [dialer.options.url.address]
        if case .cluster(let others) = dialer.options.topology { seeds += others }
        self.seeds = seeds
        refreshTimer = LoopTimer(eventLoop)
    }

    /// Whether commands are sent, as far as is known.
    var isServing: Bool { hasMap && links.values.contains { $0.isServing } }

    /// Connects, until `close`.
    func start() {
        refreshTimer.onTime { [weak self] in self?.refresh() }
        for seed in seeds { _ = link(to: seed) }
    }

    /// Ends all connections for good.
    func close() {
        isClosed = true
        refreshTimer.end()
        owners = []
        let links = Array(self.links.values)
        self.links = [:]
        for link in links { link.close() }
    }

    // MARK: Commands

    /// Sends `command` to the server that has its key; to any one, if it has none.
    func send(_ command: RedisCommand, timeout: TimeAmount, then: @escaping RedisReplyHandler) {
        guard !isClosed else { return refuse(.unavailable, then) }
        guard let slot = command.slot else {
            guard let link = anyServingLink() else { return refuse(.unavailable, then) }
            return link.send(command, timeout: timeout, then: then)
        }
        guard hasMap else { return refuse(.unavailable, then) }
        guard let link = owners[slot] else {
            refreshSoon()
            return refuse(.clusterDown, then)
        }
        link.send(command, timeout: timeout, then: then)
    }

    private func refuse(_ error: RedisError, _ then: RedisReplyHandler) {
        status.count(error)
        then(.failure(error))
    }

    /// A server has refused a command that may be another one's. Whether the command has been sent on.
    private func redirect(_ pending: RedisPendingCommand, _ error: RedisError, from link: RedisLink) -> Bool {
        let redirection: RedisRedirection
        let isMoved: Bool
        switch error {
        case .moved(let place): (redirection, isMoved) = (place, true)
        case .ask(let place): (redirection, isMoved) = (place, false)
        default:
            if error == .clusterDown { refreshSoon() }
            return false
        }
        guard !isClosed, let address = link.address.sibling(redirection.host, port: redirection.port),
            let target = self.link(to: address)
        else { return false }
        if isMoved {
            owners[redirection.slot] = target
            refreshSoon()
        }
        guard pending.redirectionCount < RedisCluster.maximumRedirections, target.isServing else { return false }
        status.count(error)
        var pending = pending
        pending.redirectionCount += 1
        target.resend(pending, asking: !isMoved)
        return true
    }

    // MARK: Servers

    /// The link to `address`, made if there is none; `nil` when there are too many.
    private func link(to address: RedisAddress) -> RedisLink? {
        if let link = links[address] { return link }
        guard links.count < RedisCluster.maximumNodes else { return nil }
        let link = RedisLink(
            address, found: RedisFixedLocator([address]), by: dialer, on: eventLoop, status: status,
            seed: random.next())
        links[address] = link
        link.onChange = { [weak self] isServing in
            guard let self else { return }
            // Without a map the first server that serves is asked; when one is lost, another one may have its slots soon.
            if !isServing || !hasMap { refreshSoon() }
        }
        link.onRefusal = { [weak self, weak link] pending, error in
            guard let self, let link else { return false }
            return redirect(pending, error, from: link)
        }
        link.start()
        return link
    }

    private func anyServingLink() -> RedisLink? {
        let serving = links.values.filter(\.isServing)
        return serving.isEmpty ? nil : serving[Int(random.nextNanoseconds(below: Int64(serving.count)))]
    }

    // MARK: The map

    private func refreshSoon() {
        guard !isClosed, !isRefreshing else { return }
        let now = eventLoop.now
        let earliest = lastRefresh.map { $0 + RedisCluster.shortestRefresh } ?? now
        refreshTimer.setIfEarlier(max(now, earliest))
    }

    private func refresh() {
        guard !isClosed, !isRefreshing else { return }
        lastRefresh = eventLoop.now
        guard let link = anyServingLink() else {
            // Nobody is left of those that were known last: begin anew.
            for seed in seeds { _ = self.link(to: seed) }
            return refreshTimer.set(eventLoop.now + RedisCluster.shortestRefresh)
        }
        isRefreshing = true
        var command = RedisCommand("CLUSTER", isWrite: false)
        command.append("SLOTS")
        link.send(command, timeout: dialer.options.connectTimeout) { [weak self, weak link] reply in
            guard let self, !isClosed else { return }
            isRefreshing = false
            var isWell = false
            if case .success(let value) = reply, let link,
                let ranges = RedisSlotRange.ranges(value, from: link.address)
            {
                adopt(ranges)
                isWell = links.values.allSatisfy(\.isServing)
            }
            refreshTimer.set(eventLoop.now + (isWell ? RedisCluster.longestRefresh : RedisCluster.shortestRefresh))
        }
    }

    private func adopt(_ ranges: [RedisSlotRange]) {
        // A server that has just been started knows no slots; what is known from others is better.
        guard !ranges.isEmpty else { return }
        var owners = [RedisLink?](repeating: nil, count: RedisSlot.count)
        for range in ranges {
            let link = link(to: range.master)
            for slot in range.slots { owners[slot] = link }
        }
        self.owners = owners
        hasMap = true
        let masters = Set(ranges.map(\.master))
        for (address, link) in links where !masters.contains(address) {
            links[address] = nil
            link.close()
        }
    }
}

@available(*, unavailable)
extension RedisCluster: Sendable {}
