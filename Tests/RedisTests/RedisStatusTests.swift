import Logging
import NIOCore
import Testing

@testable import Redis

struct RedisStatusTests {
    private let log = LogRecorder()
    private let address = RedisAddress.tcp(host: "h", port: 1)

    private func makeStatus(linkCount: Int) -> RedisStatus {
        let status = RedisStatus(logger: Logger(label: "redis", factory: { [log] _ in log }))
        for _ in 0..<linkCount { status.linkAdded() }
        return status
    }

    private func time(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(1_000 + seconds) }

    private var warning: String { "warning Redis does not serve address=h:1 reason=timeout" }
    private var relief: String { "info Redis serves again address=h:1" }

    @Test func `is up when all loops are, and says nothing of a start that goes well`() {
        let status = makeStatus(linkCount: 2)
        #expect(!status.isUp)
        status.linkServes(address)
        #expect(!status.isUp)
        status.linkServes(address)
        #expect(status.isUp)
        #expect(log.text == [])
    }

    @Test func `warns when the first loop goes down, and says when the last is back`() {
        let status = makeStatus(linkCount: 2)
        for _ in 0..<2 { status.linkServes(address) }
        for _ in 0..<2 { status.linkFailed(wasUp: true, address, .timeout, now: time(0)) }
        for second in 1..<100 { status.linkFailed(wasUp: false, address, .unavailable, now: time(Int64(second))) }
        status.linkServes(address)
        #expect(!status.isUp)
        #expect(log.text == [warning])
        status.linkServes(address)
        #expect(status.isUp)
        #expect(log.text == [warning, relief])
    }

    @Test func `tells of a server that comes and goes every ten seconds at most`() {
        let status = makeStatus(linkCount: 1)
        status.linkServes(address)
        for second in 0..<20 {
            status.linkFailed(wasUp: true, address, .timeout, now: time(Int64(second)))
            status.linkServes(address)
        }
        #expect(log.text == [warning, relief, warning, relief])
        // It goes once more soon after, and stays away: said when the time has come.
        status.linkFailed(wasUp: true, address, .timeout, now: time(19))
        #expect(log.text.count == 4)
        status.linkFailed(wasUp: false, address, .timeout, now: time(21))
        #expect(log.text.count == 5)
    }

    @Test func `forgets a server that is no longer needed`() {
        let status = makeStatus(linkCount: 2)
        status.linkServes(address)
        status.linkFailed(wasUp: false, address, .timeout, now: time(0))
        status.linkRemoved(wasUp: false, address)
        #expect(status.isUp)
        #expect(log.text == [warning, relief])
        status.linkRemoved(wasUp: true, address)
        #expect(status.isUp)
    }

    @Test func `tells of credentials once a minute`() {
        let status = makeStatus(linkCount: 1)
        for second in 0..<119 { status.linkFailed(wasUp: false, address, .authentication, now: time(Int64(second))) }
        #expect(log.text.count { $0 == "error Redis refuses the user or the password address=h:1" } == 2)
        #expect(log.text.count == 3)
    }

    @Test func `counts errors by kind`() {
        let status = makeStatus(linkCount: 1)
        status.count(.timeout, 3)
        status.count(.refused("a"))
        status.count(.refused("b"))
        let counts = Dictionary(uniqueKeysWithValues: status.errorCounts.map { ($0.kind, $0.count) })
        #expect(counts.count == RedisError.Kind.allCases.count)
        #expect(counts[.timeout] == 3)
        #expect(counts[.refused] == 2)
        #expect(counts.values.reduce(0, +) == 5)
    }
}
