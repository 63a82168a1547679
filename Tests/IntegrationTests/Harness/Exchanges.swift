import Foundation
import Synchronization
import Testing

/// Every exchange with a server of this package that these tests have had, kept until it is judged.
///
/// A server of this package is an `mcp-tool-server`, or a gateway in front of nothing else; what a scripted backend says is
/// wrong on purpose more often than not.
final class Exchanges: Sendable {
    /// Those of the tests.
    static let ofTests = Exchanges()

    private struct Exchange: Encodable {
        var fields: [String: String]
        var request: String
        var replyFields: [String: String]
        var reply: String
    }

    private struct State {
        var ports: Set<Int> = []
        var kept: [Exchange] = []
    }

    private let state = Mutex(State())

    /// Says whether a server of this package listens on a port; ports are used again.
    func expect(_ isOurs: Bool, at port: Int) {
        state.withLock { state in
            if isOurs { state.ports.insert(port) } else { state.ports.remove(port) }
        }
    }

    /// Keeps an exchange, if it was one with a server of this package.
    func keep(_ call: HTTPCall, _ reply: HTTPReply, at port: Int) {
        guard call.path == "/mcp", !reply.body.isEmpty else { return }
        let fields = call.fields.map { ($0.name.lowercased(), $0.value) }
        let exchange = Exchange(
            fields: Dictionary(fields) { $1 }, request: call.body ?? "", replyFields: reply.fields, reply: reply.text)
        state.withLock { state in
            if state.ports.contains(port) { state.kept.append(exchange) }
        }
    }

    /// Takes what was kept, one line of JSON for each.
    func take() throws -> Data {
        let kept = state.withLock { state in
            defer { state.kept = [] }
            return state.kept
        }
        let encoder = JSONEncoder()
        return try kept.reduce(into: Data()) { $0 += try encoder.encode($1) + Data("\n".utf8) }
    }
}

/// Has every exchange of a suite judged by the published schemas when all its tests have run, so that none is slowed by it.
struct JudgingExchanges: SuiteTrait, TestScoping {
    var isRecursive: Bool { false }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        try await function()
        let exchanges = try Exchanges.ofTests.take()
        guard !exchanges.isEmpty else { return }
        guard Machine.hasPython, PythonClient.hasSchemas else {
            print(
                "SKIPPED (1): without Python and ../shared/spec/schema no exchange of the integration tests was judged")
            return
        }
        let folder = try TemporaryFolder()
        let report = try await PythonClient.report(
            "exchanges.py", try folder.write("exchanges.jsonl", exchanges).path, within: .seconds(600))
        print("judged \(report["judged"].int ?? 0) times: the messages of the integration tests, by their schemas")
    }
}

extension Trait where Self == JudgingExchanges {
    /// Every exchange of the suite is judged by the published schemas.
    static var judgingExchanges: JudgingExchanges { JudgingExchanges() }
}
