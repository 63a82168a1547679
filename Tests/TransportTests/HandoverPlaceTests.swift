import NIOCore
import NIOPosix
import Testing

@testable import Transport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Who comes to a place, and who owns it.
@Suite(.serialized, .timeLimit(.minutes(1))) final class HandoverPlaceTests {
    private let path = "/tmp/mcp-place-\(getpid())-\(UInt32.random(in: .min ... .max)).sock"

    deinit {
        unlink(path)
        unlink("\(path).lock")
    }

    private func mode() -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
    }

    private func owner() async throws -> HandoverPlace {
        guard case .alone(let place) = try await HandoverPlace.arrive(at: path) else { throw HandoverError.ended }
        return place
    }

    @Test func `the first one gets the place, for its user only, and the next one its sockets`() async throws {
        let server = try await SocketServer.start(loopCount: 2)
        let first = try await owner()
        #expect(mode() == 0o600)
        let sockets = try await server.listener.copySockets(name: "mcp")
        let path = path
        async let arrival = HandoverPlace.arrive(at: path)
        let peer = try #require(try await first.nextPeer())
        #expect(peer.process == getpid())
        async let offering: Void = peer.offer([sockets])
        guard case .offered(let offer) = try await arrival else {
            Issue.record("nobody was there")
            return
        }
        #expect(offer.process == getpid())
        #expect(offer.sockets.map(\.name) == ["mcp"])
        #expect(offer.sockets.map(\.descriptors.count) == [2])
        async let claiming: Void = offer.claim()
        try await offering
        async let releasing: Void = peer.release()
        try await claiming
        let second = try await offer.confirm()
        try await releasing
        peer.close()
        first.leave()
        // The file is the same, and whoever comes now comes to the second one.
        #expect(mode() == 0o600)
        async let third = HandoverPlace.arrive(at: path)
        let next = try #require(try await second.nextPeer())
        next.close()
        second.close()
        #expect(mode() == nil)
        // It was sent away, tried again, and found the place free.
        guard case .alone(let last) = try await third else {
            Issue.record("somebody was there")
            return
        }
        last.close()
        for socket in offer.sockets + [sockets] { socket.close() }
        await server.listener.close()
    }

    @Test func `a file that is left of a dead process is replaced, another one is not`() async throws {
        let dead = SystemCall.socket()
        let address = try SocketAddress(unixDomainSocketPath: path)
        #expect(address.withSockAddr { bind(dead, $0, socklen_t($1)) } == 0)
        SystemCall.close(dead)
        let place = try await owner()
        place.close()
        let file = open(path, O_CREAT | O_WRONLY, 0o600)
        SystemCall.close(file)
        await #expect(throws: ListenerError.self) { try await HandoverPlace.arrive(at: self.path) }
        #expect(mode() != nil)
    }

    @Test func `of many who come at once one gets the place, however often`() async throws {
        for _ in 0..<20 {
            let path = path
            let owners = try await withThrowingTaskGroup { group in
                for _ in 0..<6 {
                    group.addTask { () -> HandoverPlace? in
                        do {
                            guard
                                case .alone(let place) = try await HandoverPlace.arrive(
                                    at: path, patience: .milliseconds(200))
                            else { return nil }
                            return place
                        } catch HandoverError.timeout {
                            return nil
                        }
                    }
                }
                return try await group.reduce(into: [HandoverPlace]()) { if let place = $1 { $0.append(place) } }
            }
            #expect(owners.count == 1)
            for owner in owners { owner.close() }
            #expect(mode() == nil)
        }
    }

    @Test func `told to stop, it lets nobody in and breaks off what has changed nothing`() async throws {
        let place = try await owner()
        async let nobody = place.nextPeer()
        place.stop()
        let entrant = try await nobody
        #expect(entrant?.process == nil)
        place.close()

        let other = try await owner()
        let path = path
        async let coming = HandoverPlace.arrive(at: path)
        let peer = try #require(try await other.nextPeer())
        let offering = Task { try await peer.offer([]) }
        guard case .offered(let offer) = try await coming else {
            Issue.record("nobody was there")
            return
        }
        other.stop()
        await #expect(throws: HandoverError.ended) { try await offering.value }
        peer.close()
        await #expect(throws: HandoverError.self) { try await offer.claim() }
        offer.decline()
        other.close()
    }

    @Test func `does not wait for ever for somebody who says nothing`() async throws {
        let place = try await owner()
        await #expect(throws: HandoverError.timeout) {
            try await HandoverPlace.arrive(at: self.path, patience: .milliseconds(50))
        }
        place.close()
    }
}
