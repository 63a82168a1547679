import Testing

@testable import Wire

struct MCPMethodTests {
    private func method(_ text: String) -> MCPMethod {
        Array(text.utf8).withUnsafeBytes { MCPMethod(ByteView($0)) }
    }

    @Test func `recognizes each method by its text`() {
        for method in MCPMethod.allCases { #expect(self.method("\(method.text)") == method) }
        #expect(Set(MCPMethod.allCases.map { "\($0.text)" }).count == MCPMethod.allCases.count)
    }

    @Test func `takes everything else for unknown`() {
        for method in MCPMethod.allCases where method != .unknown {
            let text = "\(method.text)"
            #expect(self.method(text.uppercased()) == .unknown)
            #expect(self.method(text + "x") == .unknown)
            #expect(self.method(String(text.dropLast())) == .unknown)
            #expect(self.method("\u{0}" + text.dropFirst()) == .unknown)
        }
        #expect(method("frobnicate/all") == .unknown)
        #expect(method(String(repeating: "a", count: 10_000)) == .unknown)
    }

    @Test func `resolves escapes in a method's name`() {
        let body = Array(#""tools\/c\u0061ll""#.utf8)
        let text = JSONText(range: ByteRange(start: 1, length: body.count - 2), isEscaped: true)
        #expect(body.withUnsafeBytes { MCPMethod(text, in: ByteView($0)) } == .toolsCall)
    }

    @Test func `numbers the methods from 0 without a gap`() {
        #expect(MCPMethod.allCases.map { Int($0.rawValue) } == Array(0..<MCPMethod.allCases.count))
    }

    @Test func `lets only what changes nothing be repeated`() {
        let repeatable = MCPMethod.allCases.filter(\.isRepeatable)
        #expect(
            Set(repeatable) == [
                .serverDiscover, .initialize, .ping, .toolsList, .promptsList, .resourcesList, .resourcesTemplatesList,
                .rootsList, .tasksList, .resourcesRead, .promptsGet, .completionComplete, .tasksGet,
            ])
        for method in MCPMethod.allCases where "\(method.text)".hasSuffix("/list") { #expect(method.isRepeatable) }
    }

    @Test func `lets six methods be cached, all of them repeatable`() {
        let cacheable = MCPMethod.allCases.filter(\.isCacheable)
        #expect(cacheable.count == 6)
        for method in cacheable { #expect(method.isRepeatable) }
    }

    @Test func `mirrors the name of what is called, read or asked for`() {
        let mirrored = MCPMethod.allCases.filter { $0.mirroredName != .none }
        #expect(
            Set(mirrored) == [.toolsCall, .promptsGet, .resourcesRead, .tasksGet, .tasksUpdate, .tasksCancel])
        #expect(MCPMethod.toolsCall.mirroredName == .name)
        #expect(MCPMethod.resourcesRead.mirroredName == .uri)
        #expect(MCPMethod.tasksUpdate.mirroredName == .taskID)
    }

    @Test func `takes five methods away from the modern era`() {
        let removed = MCPMethod.allCases.filter(\.isRemovedInModern)
        #expect(
            Set(removed) == [.initialize, .ping, .loggingSetLevel, .resourcesSubscribe, .resourcesUnsubscribe])
        for method in MCPMethod.allCases {
            #expect(method.isAvailable(in: .legacy))
            #expect(method.isAvailable(in: .modern) == !method.isRemovedInModern)
        }
    }

    @Test func `labels metrics from a closed set`() {
        #expect(MCPMethod.toolsCall.metricLabel.description == "tools/call")
        #expect(MCPMethod.unknown.metricLabel.description == "other")
    }
}
