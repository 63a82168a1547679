import NIOCore
import Testing
import Wire

@testable import MCPServer

struct SessionTableTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    @Test func `keeps a session as long as it is used`() throws {
        let table = SessionTable(capacity: 10, idleTimeout: .seconds(60))
        let id = try #require(table.open(.v2025_06_18, at: start))
        for minute in 1...5 {
            #expect(table.use(id, at: start + .seconds(Int64(minute) * 60))?.version == .v2025_06_18)
        }
        #expect(table.use(id, at: start + .seconds(361)) == nil)
        #expect(table.count == 0)
    }

    @Test func `forgets a session that was closed`() throws {
        let table = SessionTable(capacity: 10, idleTimeout: .seconds(60))
        let id = try #require(table.open(.v2025_03_26, at: start))
        table.close(id)
        table.close(id)
        #expect(table.use(id, at: start) == nil)
    }

    @Test func `makes room by forgetting sessions that are over`() throws {
        let table = SessionTable(capacity: 3, idleTimeout: .seconds(60))
        for _ in 0..<3 { #expect(table.open(.v2025_03_26, at: start) != nil) }
        #expect(table.open(.v2025_03_26, at: start + .seconds(30)) == nil)
        #expect(table.open(.v2025_03_26, at: start + .seconds(60)) == nil)
        #expect(table.open(.v2025_03_26, at: start + .seconds(62)) != nil)
        #expect(table.count == 1)
    }

    @Test func `does not look through a full table for every refused client`() throws {
        let table = SessionTable(capacity: 1, idleTimeout: .seconds(60))
        _ = table.open(.v2025_03_26, at: start)
        #expect(table.open(.v2025_03_26, at: start + .milliseconds(60_500)) != nil)
    }
}
