import Logging
import NIOCore
import ServiceLifecycle
import Transport

/// One process takes over from another without a connection that is refused or reset: see `ListenerHandover` for who says what
/// when.
extension Supervisor {
    /// How long a new process waits until its backends have been checked: `/ready` is to say the same before and after.
    private static let settling = Duration.seconds(2)

    // MARK: The new process

    /// What a running gateway offers.
    var offeredSockets: [HandedSocket] {
        guard case .offered(let offer) = surroundings.arrival else { return [] }
        return offer.sockets
    }

    /// Accepts from `sockets`, as soon as nobody else does. Everything else has been done.
    func takeOver(_ sockets: InheritedSockets, _ running: inout Running) async throws {
        if case .offered(let offer) = surroundings.arrival {
            await settle()
            // The other one would end for nothing.
            guard !Task.isShuttingDownGracefully else { throw HandoverError.cancelled }
            try await offer.claim()
        }
        // Those who ask the admin listener must not hear of a start.
        readiness.phase = .serving
        if let socket = sockets.admin { running.admin = try await listenForAdmin(running, adopting: socket) }
        for (listener, socket) in zip(configuration.listeners, sockets.listeners) {
            guard let socket else { continue }
            running.listeners.append(try await listen(on: listener, running, adopting: socket))
        }
        switch surroundings.arrival {
        case nil: break
        case .alone(let place): self.place = place
        case .offered(let offer): place = try await offer.confirm()
        }
        tell(sockets)
    }

    private func tell(_ sockets: InheritedSockets) {
        let logger = surroundings.logger
        let taken = ([sockets.admin] + sockets.listeners).compactMap { $0?.address }
        if case .offered(let offer) = surroundings.arrival {
            logger.notice(
                "took over from another process",
                metadata: ["process": "\(offer.process)", "addresses": .array(taken.map { "\($0)" })])
        } else if !taken.isEmpty {
            logger.notice(
                "listening on sockets of the service manager", metadata: ["addresses": .array(taken.map { "\($0)" })])
        }
        for socket in sockets.unmatched {
            logger.warning(
                "a socket that was handed over is for no address of the configuration, or for one that has another; it was closed",
                metadata: ["name": "\(socket.name)", "address": "\(socket.address)"])
            socket.close()
        }
    }

    private func settle() async {
        let side = surroundings.loops.side
        let deadline = side.eventLoop.now + TimeAmount(Supervisor.settling)
        while !readiness.hasBackends, side.eventLoop.now < deadline { await side.sleep(for: .milliseconds(10)) }
    }

    /// A start that fails leaves the place to whoever has it, or nobody.
    func leavePlace() {
        switch surroundings.arrival {
        case nil: break
        case .alone(let place): place.close()
        case .offered(let offer): offer.decline()
        }
    }

    // MARK: The old process

    /// Offers the listening sockets to each process that comes to `place`, one after another, until one has taken them or the
    /// task is cancelled.
    ///
    /// - Returns: whether they were taken.
    func offerSockets(at place: HandoverPlace) async -> Bool {
        await withTaskCancellationHandler {
            do {
                while let peer = try await place.nextPeer() {
                    let isTaken = await handOver(to: peer)
                    peer.close()
                    if isTaken {
                        place.leave()
                        return true
                    }
                }
            } catch {
                surroundings.logger.error(
                    "no other process can take over any more",
                    metadata: ["place": "\(place.path)", "error": "\(error)"])
            }
            place.close()
            return false
        } onCancel: {
            place.stop()
        }
    }

    private func handOver(to peer: HandoverPeer) async -> Bool {
        var copies: [HandedSocket] = []
        defer { for copy in copies { copy.close() } }
        do {
            copies = try await copySockets()
            try await peer.offer(copies)
            let (last, offered) = (lastChange, copies)
            let change = Task {
                await last?.value
                try await self.giveAway(offered, to: peer)
            }
            lastChange = Task { _ = await change.result }
            try await change.value
        } catch {
            surroundings.logger.warning(
                "another process did not take over, this one goes on",
                metadata: ["process": "\(peer.process)", "error": "\(error)"])
            return false
        }
        surroundings.logger.notice("another process has taken over", metadata: ["process": "\(peer.process)"])
        return true
    }

    /// The admin listener is the first, the others follow in their order.
    private func copySockets() async throws -> [HandedSocket] {
        guard let running, let admin = running.admin else { throw HandoverError.changed }
        var copies: [HandedSocket] = []
        do {
            copies.append(try await admin.copySockets(name: "admin"))
            for listening in running.listeners {
                copies.append(try await listening.listener.copySockets(name: "mcp"))
            }
            return copies
        } catch {
            for copy in copies { copy.close() }
            throw error
        }
    }

    private func giveAway(_ sockets: [HandedSocket], to peer: HandoverPeer) async throws {
        guard readiness.phase == .serving, var running, let admin = running.admin,
            sockets.map(\.address) == [admin.boundAddress] + running.listeners.map(\.listener.boundAddress)
        else { throw HandoverError.changed }
        for listening in running.listeners { await listening.listener.close() }
        await admin.close()
        do {
            try await peer.release()
            isHandedOver = true
            running.listeners = []
            running.admin = nil
            self.running = running
        } catch {
            await acceptAgain(sockets, &running)
            self.running = running
            throw error
        }
    }

    private func acceptAgain(_ sockets: [HandedSocket], _ running: inout Running) async {
        for (index, socket) in sockets.enumerated() {
            do {
                let copy = try socket.duplicate()
                if index == 0 {
                    running.admin = try await listenForAdmin(running, adopting: copy)
                } else {
                    running.listeners[index - 1].listener = try await listen(
                        on: running.listeners[index - 1].address, running.listeners[index - 1].tls, running,
                        adopting: copy)
                }
            } catch {
                surroundings.logger.critical(
                    "nobody listens any more", metadata: ["address": "\(socket.address)", "error": "\(error)"])
            }
        }
    }

    /// Clients go over to the other process with their next call but one: an idle connection ends with the answer to whatever
    /// is sent on it. Until `deadline`, for whoever closes a connection may cross what its client sends at that moment.
    func drainGently(_ running: Running, until deadline: NIODeadline) async {
        let side = surroundings.loops.side
        for loop in running.loops {
            try? await loop.submit { $0.housekeeper.drainGently() }
        }
        while await clientCount(running.loops) > 0, side.eventLoop.now < deadline {
            await side.sleep(for: .milliseconds(10))
        }
    }
}
