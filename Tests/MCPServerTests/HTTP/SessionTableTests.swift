import NIOCore
import Testing
import Wire

@testable import MCPServer

struct SessionTableTests {
    private func handshake(_ version: MCPProtocolVersion) -> Answer.Handshake {
        Answer.Handshake(version: version, capabilities: ClientCapabilities())
    }

    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    @Test func `keeps a session as long as it is used`() throws {
        let table = SessionTable(capacity: 10, idleTimeout: .seconds(60))
        let id = try #require(table.open(handshake(.v2025_06_18), at: start))
        for minute in 1...5 {
            #expect(table.use(id, at: start + .seconds(Int64(minute) * 60))?.version == .v2025_06_18)
        }
        #expect(table.use(id, at: start + .seconds(361)) == nil)
        #expect(table.count == 0)
    }

    @Test func `forgets a session that was closed`() throws {
        let table = SessionTable(capacity: 10, idleTimeout: .seconds(60))
        let id = try #require(table.open(handshake(.v2025_03_26), at: start))
        table.close(id)
        table.close(id)
        #expect(table.use(id, at: start) == nil)
    }

    @Test func `makes room by forgetting sessions that are over`() throws {
        let table = SessionTable(capacity: 3, idleTimeout: .seconds(60))
        for _ in 0..<3 { #expect(table.open(handshake(.v2025_03_26), at: start) != nil) }
        #expect(table.open(handshake(.v2025_03_26), at: start + .seconds(30)) == nil)
        #expect(table.open(handshake(.v2025_03_26), at: start + .seconds(60)) == nil)
        #expect(table.open(handshake(.v2025_03_26), at: start + .seconds(62)) != nil)
        #expect(table.count == 1)
    }

    @Test func `does not look through a full table for every refused client`() throws {
        let table = SessionTable(capacity: 1, idleTimeout: .seconds(60))
        _ = table.open(handshake(.v2025_03_26), at: start)
        #expect(table.open(handshake(.v2025_03_26), at: start + .milliseconds(60_500)) != nil)
    }

    @Test func `gives a session to nobody but the one who has opened it`() throws {
        let table = SessionTable(capacity: 2, idleTimeout: .seconds(60))
        let id = try #require(table.open(handshake(.v2025_11_25), principal: [1, 2], at: start))
        #expect(table.use(id, by: [1, 3], at: start) == nil)
        #expect(table.use(id, at: start) == nil)
        #expect(table.use(id, by: [1, 2], at: start) != nil)
        let open = try #require(table.open(handshake(.v2025_11_25), at: start))
        #expect(table.use(open, by: [1, 2], at: start) == nil)
    }

    @Test func `ends what runs in a session that is over`() async throws {
        let table = SessionTable(capacity: 2, idleTimeout: .seconds(60))
        let id = try #require(table.open(handshake(.v2025_11_25), at: start))
        let session = try #require(table.use(id, at: start))
        let cancelled = Signal()
        let task = Task {
            await withTaskCancellationHandler {
                await cancelled.wait()
            } onCancel: {
                cancelled.raise()
            }
        }
        #expect(session.begin(ClientSession.RequestID(1)))
        session.run(ClientSession.RequestID(1), task)
        #expect(table.use(id, at: start + .seconds(61)) == nil)
        await task.value
        #expect(cancelled.isRaised)
    }
}
