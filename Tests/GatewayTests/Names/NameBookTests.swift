import Resilience
import Testing
import Transport

@testable import Gateway

/// What names stand for, and what becomes of that in a plan.
@Suite struct `Names in a plan` {
    private static let text = "pools: { tools: { backends: [{ url: http://tools:9001/mcp, weight: 3, zone: a }] } }"
    private static let name = WatchedName(host: "tools")

    private func book(_ addresses: String...) -> NameBook {
        var book = NameBook()
        book[Self.name] = addresses.compactMap { IPAddress($0) }
        return book
    }

    private func plan(
        _ names: NameBook, after previous: GatewayPlan? = nil, _ text: String = text
    ) throws -> GatewayPlan {
        let configuration = try ConfigurationSupport.load(text).configuration
        return GatewayPlan(
            configuration, names: names, shardCount: 2, seed: 1, now: .zero,
            after: previous.map { (configuration, $0) })
    }

    @Test func `a name with one address is one backend that is called by its URL`() throws {
        let backends = try plan(book("10.0.0.1")).pools[0].backends
        #expect(backends.map(\.url) == ["http://tools:9001/mcp"])
        #expect(backends[0].address == BackendAddress(host: "10.0.0.1", port: 9_001))
        #expect(backends[0].authority == "tools:9001", "what Host names")
    }

    @Test func `each address of several is a backend with all that the entry says`() throws {
        let pool = try plan(book("10.0.0.1", "fd00::2")).pools[0]
        #expect(pool.backends.map(\.url) == ["http://tools:9001/mcp@10.0.0.1", "http://tools:9001/mcp@fd00::2"])
        #expect(pool.backends.map(\.addressText) == ["10.0.0.1:9001", "[fd00::2]:9001"])
        #expect(pool.backends.allSatisfy { $0.weight == 3 && $0.authority == "tools:9001" && $0.path == "/mcp" })
        #expect(!pool.hasUnresolvedNames)
    }

    @Test func `a name of which nothing is known is a backend to which nobody connects`() throws {
        let pool = try plan(NameBook()).pools[0]
        #expect(pool.backends.map(\.url) == ["http://tools:9001/mcp"])
        #expect(pool.backends[0].address.isUnresolved && pool.hasUnresolvedNames)
    }

    @Test func `addresses and localhost are no names`() throws {
        let text =
            "pools: { tools: { backends: [http://localhost:1/mcp, http://10.0.0.1/mcp, \"http://[::1]:2/mcp\"] } }"
        #expect(try ConfigurationSupport.load(text).configuration.watchedNames == [])
        let backends = try plan(NameBook(), text).pools[0].backends
        #expect(backends.map(\.address.host) == ["localhost", "10.0.0.1", "::1"])
        #expect(backends.allSatisfy { !$0.address.isUnresolved })
    }

    @Test func `the limit of a pool that was found out goes on when addresses change`() throws {
        let first = try plan(book("10.0.0.1", "10.0.0.2"))
        let admission = first.pools[0].admission
        for window in 0..<30 {
            let isSlow = window >= 10
            admission.note(
                100, ratio: isSlow ? 3 : 1, mostInFlight: isSlow ? 2_000 : 0, at: .milliseconds(Int64(window) * 100))
        }
        #expect(admission.limit < 400)
        let second = try plan(book("10.0.0.2", "10.0.0.3"), after: first)
        #expect(second.pools[0].admission.limit == admission.limit)
        let fewer = try plan(book("10.0.0.3"), after: second)
        #expect(fewer.pools[0].admission.limit == admission.limit / 2)
    }

    @Test func `what is known of an address stays with it, and so do its sessions, however many there are`() throws {
        let one = try plan(book("10.0.0.1"))
        let two = try plan(book("10.0.0.1", "10.0.0.2"), after: one)
        let other = try plan(book("10.0.0.2"), after: two)
        let backends = [one, two, other].map { $0.pools[0].backends }
        #expect(backends[0][0].key == backends[1][0].key && backends[0][0].status === backends[1][0].status)
        #expect(backends[1][1].key == backends[2][0].key && backends[1][1].status === backends[2][0].status)
        #expect(backends[0][0].key != backends[2][0].key)
        // The one that left is remembered.
        let back = try plan(book("10.0.0.1"), after: other)
        #expect(back.pools[0].backends[0].status === backends[0][0].status)
        // Another gateway that has looked it up for itself means the same backend.
        #expect(try plan(book("10.0.0.2", "10.0.0.3")).pools[0].backends[0].key == backends[1][1].key)
    }

    @Test func `a pool is the same as long as its names are`() throws {
        let first = try plan(book("10.0.0.1"))
        #expect(try plan(book("10.0.0.1"), after: first).pools[0] === first.pools[0])
        let second = try plan(book("10.0.0.2"), after: first)
        #expect(second.pools[0] !== first.pools[0])
        #expect(second.pools[0].retries === first.pools[0].retries && second.cache === first.cache)
    }

    @Test func `pools with other rules look up for themselves`() throws {
        let text = """
            pools:
              a: { backends: [http://tools:1/mcp, http://tools:2/mcp] }
              b: { backends: [http://tools:1/mcp], allowed_addresses: [169.254.1.0/24] }
            routes: [{ path: /a, pool: a }, { path: /b, pool: b }]
            """
        #expect(try ConfigurationSupport.load(text).configuration.watchedNames.count == 2)
    }
}
