import NIOCore
import Synchronization
import Testing
import Wire

@testable import Gateway

@Suite struct `a table of sessions` {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    /// A wall clock that a test moves.
    private final class Clock: Sendable {
        let seconds = Mutex<Int64>(1_800_000_000)
    }

    private func withView<Result>(_ text: String?, _ body: (ByteView?) -> Result) -> Result {
        guard let text else { return body(nil) }
        return Array(text.utf8).withUnsafeBytes { body(ByteView($0)) }
    }

    private func makeTable(_ clock: Clock, sealer: SessionSealer = SessionSealer()) -> SessionTable {
        SessionTable(sealer: sealer, seed: 1) { clock.seconds.withLock { $0 } }
    }

    private func seal(_ table: SessionTable, _ upstream: String, credential: String?, age: Duration = .seconds(60))
        -> String
    {
        let id = withView(upstream) { upstreamID in
            withView(credential) { credential in
                upstreamID.flatMap {
                    table.seal(upstreamID: $0, backendKey: 5, version: .v2025_06_18, credential: credential, age: age)
                }
            }
        }
        return String(decoding: id ?? [], as: UTF8.self)
    }

    private func open(_ table: inout SessionTable, _ id: String, credential: String?, after: TimeAmount = .zero)
        -> String?
    {
        withView(id) { view in
            withView(credential) { credential in
                view.flatMap { table.open($0, credential: credential, at: Self.start + after) }
            }
        }.map { String(decoding: $0.upstreamID, as: UTF8.self) }
    }

    @Test(arguments: [nil, "Bearer token"])
    func `opens a session for whoever opened it, again and again`(credential: String?) {
        var table = makeTable(Clock())
        let id = seal(table, "up", credential: credential)
        for _ in 0..<3 { #expect(open(&table, id, credential: credential) == "up") }
    }

    @Test func `is closed to every other identity, also after the right one has used it`() {
        var table = makeTable(Clock())
        let id = seal(table, "up", credential: "Bearer a")
        for _ in 0..<2 {
            #expect(open(&table, id, credential: "Bearer b") == nil)
            #expect(open(&table, id, credential: nil) == nil)
            #expect(open(&table, id, credential: "Bearer a") == "up")
        }
        let anonymous = seal(table, "up", credential: nil)
        #expect(open(&table, anonymous, credential: "Bearer a") == nil)
    }

    @Test func `ends a session at its time, remembered or not`() {
        let clock = Clock()
        let sealer = SessionSealer()
        var table = makeTable(clock, sealer: sealer)
        let id = seal(table, "up", credential: nil, age: .seconds(60))
        #expect(open(&table, id, credential: nil) == "up")
        #expect(open(&table, id, credential: nil, after: .seconds(59)) == "up")
        #expect(open(&table, id, credential: nil, after: .seconds(60)) == nil)
        clock.seconds.withLock { $0 += 60 }
        var fresh = makeTable(clock, sealer: sealer)
        #expect(open(&fresh, id, credential: nil) == nil)
    }

    @Test func `keeps opening sessions that it had to forget`() {
        var table = makeTable(Clock())
        let first = seal(table, "first", credential: nil)
        #expect(open(&table, first, credential: nil) == "first")
        for number in 0..<9_000 {
            let id = seal(table, "other-\(number)", credential: nil)
            #expect(open(&table, id, credential: nil) == "other-\(number)")
        }
        #expect(open(&table, first, credential: nil) == "first")
    }
}
