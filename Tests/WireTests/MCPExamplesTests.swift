import Foundation
import NIOCore
import Testing

@testable import Wire

/// The golden exchanges in `Fixtures/examples`: every message of every exchange is read, and every request is
/// classified as its exchange says.
struct MCPExamplesTests {
    /// One step of an exchange.
    struct Step {
        var kind: String
        var leg: String?
        var revision: MCPProtocolVersion?
        var status: Int?
        var method: String?
        var headers: [(String, String)]
        /// The body as compact JSON and with white space.
        var bodies: [String]
        var body: Any?
        var events: [[String: Any]]
    }

    /// One file.
    struct Exchange: CustomTestStringConvertible, Sendable {
        var name: String

        var testDescription: String { name }

        func steps() throws -> [Step] {
            let data = try Data(contentsOf: directory.appendingPathComponent(name))
            let file = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            let steps = try #require(file["steps"] as? [[String: Any]])
            return try steps.map { step in
                let http = step["http"] as? [String: Any] ?? [:]
                let revision = step["revision"] as? String ?? file["revision"] as? String ?? ""
                let pairs = http["headers"] as? [[String]] ?? []
                return Step(
                    kind: try #require(step["kind"] as? String), leg: step["leg"] as? String,
                    revision: version(revision), status: http["status"] as? Int, method: http["method"] as? String,
                    headers: pairs.map { ($0[0].lowercased(), $0[1].trimmingCharacters(in: .whitespaces)) },
                    bodies: try http["body"].map { try texts($0) } ?? [], body: http["body"],
                    events: http["sse"] as? [[String: Any]] ?? [])
            }
        }

        private func texts(_ body: Any) throws -> [String] {
            try [[.fragmentsAllowed, .sortedKeys], [.fragmentsAllowed, .prettyPrinted]].map {
                String(decoding: try JSONSerialization.data(withJSONObject: body, options: $0), as: UTF8.self)
            }
        }

        private var directory: URL { MCPExamplesTests.directory }
    }

    static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Fixtures/examples")

    static let exchanges: [Exchange] =
        ((try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? [])
        .filter { $0.hasSuffix(".json") }.sorted().map(Exchange.init(name:))

    /// Requests that the exchange has refused for a reason that classification does not know: `NN:step`, and what it says.
    static let acceptedHere: [String: MCPEra] = [
        // `Mcp-Param-*` is compared where the tool's schema is known.
        "25:9": .modern, "25:11": .modern,
        // The server offers no prompts.
        "27:3": .modern,
        // A capability that the tool needs is not declared.
        "28:1": .modern,
        // The endpoint is modern only; this gateway is not.
        "32:1": .legacy,
        // The session is missing or over.
        "08:5": .legacy, "08:1": .legacy, "09:7": .legacy,
        // `Origin` and credentials are judged by the head.
        "33:1": .modern, "33:3": .modern, "33:7": .modern,
        // Backends that lack the method, or the session.
        "42:2": .modern, "42:6": .legacy,
    ]

    static func version(_ text: String) -> MCPProtocolVersion? {
        Array(text.utf8).withUnsafeBytes { MCPProtocolVersion(ByteView($0)) }
    }

    static func scan(_ text: String) throws -> JSONRPCEnvelope {
        var scratch = JSONScratch(seed: 1)
        return try Array(text.utf8).withUnsafeBytes { try JSONRPCEnvelope.scan(ByteView($0), scratch: &scratch) }
    }

    @Test func `has all exchanges at hand`() {
        #expect(Self.exchanges.count == 35)
    }

    @Test(arguments: exchanges) func `classifies every request as its exchange says`(exchange: Exchange) throws {
        let steps = try exchange.steps()
        for (index, step) in steps.enumerated() where step.kind == "request" && step.method == "POST" {
            let label = "\(exchange.name.prefix(2)):\(index + 1)"
            let answer = steps[index...].first { $0.kind == "response" && $0.leg == step.leg }
            let hasSession = step.headers.contains { $0.0 == "mcp-session-id" }
            let message = { (body: String) in
                MCPClassifierTests.Message(
                    body, version: step.headers.first { $0.0 == "mcp-protocol-version" }?.1,
                    method: step.headers.first { $0.0 == "mcp-method" }?.1,
                    name: step.headers.first { $0.0 == "mcp-name" }?.1,
                    session: hasSession && step.revision?.era == .legacy ? step.revision : nil)
            }
            #expect(!step.bodies.isEmpty)
            for body in step.bodies {
                let refusedWith = try Self.expectedRefusal(answer, label)
                switch try MCPClassifierTests.classify(message(body)) {
                case .success(let classification):
                    #expect(refusedWith == nil, "\(label) should be refused")
                    #expect(classification.era == Self.acceptedHere[label] ?? step.revision?.era, "\(label)")
                case .failure(let refusal):
                    #expect(refusedWith == refusal.failure.jsonRPCCode(refusal.era), "\(label): \(refusal)")
                    #expect(answer?.status == refusal.failure.httpStatus(refusal.era), "\(label)")
                }
            }
        }
    }

    /// The code with which the exchange refuses a request, if it does so for what classification looks at.
    private static func expectedRefusal(_ answer: Step?, _ label: String) throws -> Int? {
        guard acceptedHere[label] == nil, let answer, let status = answer.status, status >= 400 else { return nil }
        let body = try #require(answer.body as? [String: Any])
        return (body["error"] as? [String: Any])?["code"] as? Int
    }

    @Test(arguments: exchanges) func `reads every answer`(exchange: Exchange) throws {
        for step in try exchange.steps() where step.kind == "response" {
            guard let body = step.body as? [String: Any], body["jsonrpc"] != nil else { continue }
            for text in step.bodies {
                let envelope = try Self.scan(text)
                #expect(envelope.kind == (body["error"] == nil ? .result : .error))
            }
        }
    }

    @Test(arguments: exchanges) func `reads every event of every stream`(exchange: Exchange) throws {
        for step in try exchange.steps() where !step.events.isEmpty {
            var stream = ByteBuffer()
            var expected: [String] = []
            for event in step.events {
                if let comment = event["comment"] as? String {
                    stream.writeString(": \(comment)\n\n")
                    continue
                }
                let name = event["event"] as? String
                var text: String?
                if let string = event["data"] as? String {
                    text = string
                } else if let object = event["data"] {
                    let data = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
                    text = String(decoding: data, as: UTF8.self)
                }
                SSEEvent(
                    data: text.map { ByteBuffer(string: $0) }, name: name, id: event["id"].map { "\($0)" },
                    retry: (event["retry"] as? Int).map { .milliseconds($0) }
                ).write(into: &stream)
                if let text, !text.isEmpty, name == nil || name == "message" { expected.append(text) }
            }
            let bytes = Array(stream.readableBytesView)
            let reading = try SSEParserTests.read([bytes])
            #expect(reading.messages == expected)
            #expect(reading.byteCount == bytes.count)
            #expect(try SSEParserTests.read(bytes.map { [$0] }) == reading)
            for message in reading.messages { #expect(throws: Never.self) { try Self.scan(message) } }
        }
    }
}
