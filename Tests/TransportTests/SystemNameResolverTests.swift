import NIOCore
import NIOPosix
import Testing
import Transport

/// The resolver of the system, as far as every machine has the same.
@Suite(.serialized, .timeLimit(.minutes(1))) struct `The resolver of the system` {
    private func lookUp(_ name: String, within timeout: TimeAmount = .seconds(10)) async throws -> [String] {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        return try await SystemNameResolver().addresses(of: name, within: timeout, on: loop).get()
    }

    @Test func `knows localhost, and each address once`() async throws {
        let addresses = try await lookUp("localhost")
        #expect(!addresses.isEmpty && addresses.allSatisfy { ["127.0.0.1", "::1"].contains($0) })
        #expect(Set(addresses).count == addresses.count)
    }

    @Test func `says that there is no such name`() async throws {
        // RFC 6761 §6.4: no resolver may know it. Where there is no name server at all, nobody can say so.
        let error = await #expect(throws: NameResolutionError.self) { try await lookUp("no.such.host.invalid") }
        #expect([.notFound, .unavailable, .timedOut].contains(error))
    }

    @Test func `gives up when the time is over`() async throws {
        await #expect(throws: NameResolutionError.timedOut) {
            try await lookUp("no.such.host.invalid", within: .nanoseconds(0))
        }
    }

    @Test func `keeps no loop waiting, and answers many`() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let found = try await EventLoopFuture.whenAllSucceed(
            (0..<200).map { _ in
                SystemNameResolver().addresses(of: "localhost", within: .seconds(20), on: loop)
            }, on: loop
        ).get()
        #expect(found.count == 200 && found.allSatisfy { !$0.isEmpty })
    }
}
