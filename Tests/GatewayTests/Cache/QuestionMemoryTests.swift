import Testing
import Wire

@testable import Gateway

@Suite struct `Question memory` {
    private let call = QuestionMemory.Call(
        pool: 0, method: .toolsList, era: .modern, version: .v2026_07_28, variation: .nobody, identity: nil)

    private func question(_ number: UInt8) throws -> CacheQuestion {
        let key = try #require(CacheKey([UInt8](repeating: number, count: 32)))
        return CacheQuestion(pool: 0, topic: .tools, rule: CacheRule(), common: key, own: nil, identity: nil)
    }

    private func find(_ memory: QuestionMemory, _ call: QuestionMemory.Call, _ params: String) -> CacheQuestion? {
        Array(params.utf8).withUnsafeBytes { memory.question(call, ByteView($0)) }
    }

    private func remember(
        _ memory: inout QuestionMemory, _ question: CacheQuestion, _ call: QuestionMemory.Call, _ params: String
    ) {
        Array(params.utf8).withUnsafeBytes { memory.remember(question, of: call, ByteView($0)) }
    }

    @Test(arguments: ["", "{}", #"{"name":"x"}"#, "{\(String(repeating: " ", count: 4_000))}"])
    func `finds what it was told, for the same bytes`(params: String) throws {
        var memory = QuestionMemory()
        #expect(find(memory, call, params) == nil)
        remember(&memory, try question(1), call, params)
        #expect(find(memory, call, params) == (try question(1)))
        remember(&memory, try question(2), call, params)
        #expect(find(memory, call, params) == (try question(2)))
    }

    @Test func `finds nothing for another caller, method, revision, pool or fields`() throws {
        var memory = QuestionMemory()
        remember(&memory, try question(1), call, "{}")
        var others = [QuestionMemory.Call](repeating: call, count: 6)
        others[0].identity = CallerKey(high: 1, low: 2)
        others[1].method = .promptsList
        others[2].version = .v2025_11_25
        others[3].pool = 1
        others[4].variation = CallerKey(high: 1, low: 2)
        others[5].era = .legacy
        for other in others { #expect(find(memory, other, "{}") == nil) }
        #expect(find(memory, call, "{ }") == nil && find(memory, call, "[]") == nil)
    }

    @Test func `finds the right one or none, whatever falls on one place`() throws {
        var memory = QuestionMemory()
        for round in 0..<3 {
            for number in 0..<1_000 {
                let params = #"{"name":"tool \#(number)"}"#
                if let found = find(memory, call, params) { #expect(found == (try question(UInt8(number % 251)))) }
                if round < 2 { remember(&memory, try question(UInt8(number % 251)), call, params) }
            }
        }
    }

    @Test func `does not hold what is long`() throws {
        var memory = QuestionMemory()
        let params = "{\(String(repeating: " ", count: 5_000))}"
        remember(&memory, try question(1), call, params)
        #expect(find(memory, call, params) == nil)
    }
}
