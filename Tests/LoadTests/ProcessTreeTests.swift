import Testing

@testable import mcp_load

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite struct ProcessTreeTests {
    @Test func `reads times behind a name with spaces and parentheses`() throws {
        let line = "42 (a) b (c) S 7 42 42 0 -1 4194304 1 2 3 4 100 20 3 4 20 0 1 0 5 6 7"
        let stat = try #require(ProcessTree.Stat(line, ticks: 100))
        #expect(stat.process == 42)
        #expect(stat.parent == 7)
        #expect(stat.time == CPUTime(user: 1_030_000_000, system: 240_000_000))
    }

    @Test(arguments: ["", "42", "42 (a", "42 (a) S", "x (a) S 7 42 42 0 -1 4194304 1 2 3 4 100 20 3 4", "1 )(", ") ("])
    func `refuses other lines`(line: String) {
        #expect(ProcessTree.Stat(line, ticks: 100) == nil)
    }

    #if os(Linux)
        @Test func `counts the time of this process`() throws {
            let before = try #require(ProcessTree.cpuTime(of: getpid()))
            var now = before
            var value: UInt64 = 1
            // Bounded: a process that computes gets a tick of 10 ms long before.
            for _ in 0..<10_000 where now == before {
                for number in 0..<100_000 { value = value &* 6_364_136_223_846_793_005 &+ UInt64(number) }
                now = try #require(ProcessTree.cpuTime(of: getpid()))
            }
            #expect(value != 0)
            #expect(now.total > before.total)
        }

        @Test func `knows when there is no such process`() {
            #expect(ProcessTree.cpuTime(of: -1) == nil)
            #expect(ProcessTree.cpuTime(of: .max) == nil)
        }
    #endif
}
