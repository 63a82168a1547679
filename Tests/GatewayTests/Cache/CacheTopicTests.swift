import Resilience
import Testing
import Wire

@testable import Gateway

@Suite struct `Cache topic` {
    private func topic(_ method: MCPMethod, _ uri: String? = nil) -> CacheTopic? {
        guard let uri else { return CacheTopic(method, uri: nil) }
        return Array(uri.utf8).withUnsafeBytes { CacheTopic(method, uri: ByteView($0)) }
    }

    private func changed(_ method: MCPMethod, _ uri: String? = nil) -> [CacheTopic] {
        guard let uri else { return CacheTopic.changed(by: method, uri: nil) }
        return Array(uri.utf8).withUnsafeBytes { CacheTopic.changed(by: method, uri: ByteView($0)) }
    }

    @Test(arguments: MCPMethod.allCases)
    func `exists for whatever may be kept, and is changed by the notifications of its kind`(method: MCPMethod) {
        let isKept = method.isCacheable || method == .toolsCall
        #expect((topic(method, "a:b") != nil) == isKept)
        let expected: [MCPMethod: [CacheTopic]] = [
            .notificationsToolsListChanged: [.tools], .notificationsPromptsListChanged: [.prompts],
            .notificationsResourcesListChanged: [.resources],
            .notificationsResourcesUpdated: [.resource(Array("a:b".utf8))],
        ]
        #expect(changed(method, "a:b") == expected[method] ?? [])
        #expect(topic(.resourcesRead) == nil && changed(.notificationsResourcesUpdated).isEmpty)
    }

    @Test(
        arguments: [
            ("file:///a/b", "file:///a/b", true), ("file:///a", "file:///a/b", true),
            ("file:///a/", "file:///a/b", true), ("file:///a", "file:///a/", true),
            ("file:///a", "file:///a/b/c", true),
            ("file:///a", "file:///a#part", true), ("file:///a", "file:///a?page=2", true),
            ("file:///a/b", "file:///a", false), ("file:///a", "file:///ab", false),
            ("file:///a/b", "file:///a/c", false),
            ("file:///é", "file:///e\u{301}", false), ("x:a", "x:a", true),
        ] as [(String, String, Bool)])
    func `of a resource is changed by what changes below it`(read: String, updated: String, isChanged: Bool) throws {
        var record = InvalidationRecord<CacheTopic>()
        let asked = record.now
        for topic in changed(.notificationsResourcesUpdated, updated) { record.invalidate(topic) }
        let dependency = try #require(topic(.resourcesRead, read))
        #expect(record.isCurrent(asked, for: dependency) == !isChanged)
    }

    @Test func `takes a bounded number of resources above another`() {
        #expect(changed(.notificationsResourcesUpdated, String(repeating: "/", count: 100_000)).count <= 66)
    }
}
