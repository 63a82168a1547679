import Foundation
import MCPServer
import Testing
import Wire

/// A server on real pipes.
@Suite(.timeLimit(.minutes(1))) struct MCPPipeServerTests {
    /// The client's end of the pipes.
    private struct Peer {
        let toServer = Pipe()
        let fromServer = Pipe()
        private let conversation = Conversation()

        func send(_ messages: String...) throws {
            for message in messages { conversation.ask(message) }
            for message in messages { try toServer.fileHandleForWriting.write(contentsOf: Data((message + "\n").utf8)) }
        }

        /// Serves until `body` has returned and the client's side is closed; all that the server said, in order, and judged.
        func serve(
            _ tools: [any Tool], maximumMessageBytes: Int = 1_048_576, _ body: (Peer) async throws -> Void
        ) async throws -> [JSONValue] {
            let server = MCPServer(ServerInfo(name: "test", version: "1"), tools: tools, logger: silentLogger)
            // The server closes what it is given.
            let input = dup(toServer.fileHandleForReading.fileDescriptor)
            let output = dup(fromServer.fileHandleForWriting.fileDescriptor)
            try toServer.fileHandleForReading.close()
            try fromServer.fileHandleForWriting.close()
            async let served: Void = MCPPipeServer.serve(
                server, input: input, output: output, maximumMessageBytes: maximumMessageBytes)
            try await body(self)
            try toServer.fileHandleForWriting.close()
            try await served
            let text = try fromServer.fileHandleForReading.readToEnd() ?? Data()
            return try String(decoding: text, as: UTF8.self).split(separator: "\n").map {
                conversation.hear(String($0))
                return try JSONValue.parse(String($0))
            }
        }
    }

    private static func modern(_ id: String, _ method: String, _ params: String = "") -> String {
        let meta =
            #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"progressToken":"p"}"#
        return #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":{\#(params)\#(meta)}}"#
    }

    private static let initialize =
        #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#

    @Test func `serves both eras on one pair of pipes`() async throws {
        let said = try await Peer().serve([Echo(), Talkative()]) { peer in
            try peer.send(
                Self.modern("1", "server/discover"),
                #"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#,
                #"{"jsonrpc":"2.0","id":3,"method":"ping"}"#,
                Self.initialize,
                #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
                #"{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"echo","arguments":{"text":"x"}}}"#,
                Self.initialize,
                Self.modern("5", "tools/call", #""name":"talk","#),
                Self.modern(#""six""#, "ping"))
        }
        func answer(_ id: JSONValue) -> JSONValue? { said.first { $0["id"] == id } }
        #expect(answer(1)?["result"]?["supportedVersions"]?.arrayValue?.isEmpty == false)
        #expect(answer(2)?["error"]?["code"] == -32_600)
        #expect(answer(3)?["result"] == [:])
        let opened = said.filter { $0["id"] == 0 }
        #expect(opened.first?["result"]?["protocolVersion"] == "2025-06-18")
        #expect(opened.last?["error"]?["code"] == -32_600)
        #expect(answer(4)?["result"]?["structuredContent"] == ["text": "x"])
        #expect(answer(5)?["result"]?["content"]?[0]?["text"] == "said")
        #expect(answer("six")?["error"]?["code"] == -32_601)
        // Before its answer, which came although the client had closed its side by then.
        let progress = said.filter { $0["method"] == "notifications/progress" }
        #expect(progress.count == 2)
    }

    @Test(.enabled(if: PublishedSchemas.beside != nil, "the schemas are not in ../shared/spec/schema"))
    func `has every line judged`() async throws {
        let tally = Conversation.Tally()
        let said = try await Conversation.$tally.withValue(tally) {
            try await Peer().serve([Talkative()]) { peer in
                try peer.send(Self.initialize, Self.modern("5", "tools/call", #""name":"talk","#), "x")
            }
        }
        #expect(said.count == 5)
        #expect(tally.count == 5)
    }

    @Test func `says what is wrong with a line, and goes on`() async throws {
        let said = try await Peer().serve([Echo()], maximumMessageBytes: 300) { peer in
            try peer.send(
                "x", "", "[]", "{}", String(repeating: "y", count: 400),
                #"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#,
                #"{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"1900-01-01","io.modelcontextprotocol/clientCapabilities":{}}}}"#,
                #"{"jsonrpc":"2.0","id":3,"method":"ping"}"#)
        }
        #expect(
            said.map { $0["error"]?["code"]?.int64Value } == [
                -32_700, -32_600, -32_600, -32_600, -32_602, -32_022, nil,
            ])
        #expect(said.last?["result"] == [:])
    }

    @Test func `does not answer what was cancelled, in either era`() async throws {
        for isModern in [false, true] {
            let gate = Gate()
            let said = try await Peer().serve([gate]) { peer in
                if !isModern { try peer.send(Self.initialize) }
                let call = #"{"jsonrpc":"2.0","id":"g","method":"tools/call","params":{"name":"gate"}}"#
                try peer.send(isModern ? Self.modern(#""g""#, "tools/call", #""name":"gate","#) : call)
                await gate.begun.wait()
                try peer.send(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"g"}}"#)
                await gate.cancelled.wait()
            }
            #expect(said.allSatisfy { $0["id"] != "g" })
        }
    }

    @Test func `takes batches where 2025-03-26 was settled on`() async throws {
        let said = try await Peer().serve([Echo()]) { peer in
            try peer.send(
                Self.initialize.replacingOccurrences(of: "2025-06-18", with: "2025-03-26"),
                #"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"tools/list"}]"#)
        }
        #expect(said.last?.arrayValue?.map { $0["id"]?.int64Value } == [1, 2])
    }
}
