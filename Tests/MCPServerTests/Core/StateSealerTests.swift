import NIOCore
import Testing
import Wire

@testable import MCPServer

@Suite struct StateSealerTests {
    private let sealer = StateSealer(secret: Array(0..<32))

    private func message(_ params: String, principal: [UInt8]? = nil) throws -> IncomingMessage {
        var scratch = JSONScratch(seed: 1)
        let body = ByteBuffer(string: #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":\#(params)}"#)
        let envelope = try body.withByteView { bytes throws(JSONRPCError) in
            try JSONRPCEnvelope.scan(bytes, scratch: &scratch)
        }
        var message = IncomingMessage(body: body, envelope: envelope, version: .v2026_07_28)
        message.principal = principal
        return message
    }

    private func seal(_ message: IncomingMessage) throws -> [UInt8] {
        let rounds = StateSealer.Rounds(answers: ["a": ["b": 1.50]], asked: ["c"])
        return Array(try #require(sealer.seal(rounds, of: message, at: 1_000)).utf8)
    }

    @Test func `opens what it has sealed, on every server with the key, for a while`() throws {
        let message = try message(#"{"name":"t","arguments":{"x":1,"y":{"b":2,"a":3}}}"#)
        let state = try seal(message)
        let same = try self.message(#"{ "arguments":{"y":{"a":3, "b":2},"x":1},"name":"\u0074"}"#)
        for sealer in [sealer, StateSealer(secret: Array(0..<32))] {
            let rounds = try #require(sealer.open(state, of: same, at: 1_000 + StateSealer.lifetimeSeconds))
            #expect(rounds.answers == ["a": ["b": .number(JSONNumber("1.5") ?? JSONNumber(0))]])
            #expect(rounds.asked == ["c"])
            #expect(sealer.open(state, of: same, at: 1_001 + StateSealer.lifetimeSeconds) == nil)
        }
        #expect(StateSealer(secret: nil).open(state, of: same, at: 1_000) == nil)
        #expect(try seal(message) != state)
    }

    @Test(arguments: [
        #"{"name":"u","arguments":{"x":1}}"#, #"{"name":"t","arguments":{"x":2}}"#, #"{"name":"t"}"#,
        #"{"name":"t","uri":"u","arguments":{"x":1}}"#,
    ])
    func `opens nothing for another call`(_ params: String) throws {
        let state = try seal(message(#"{"name":"t","arguments":{"x":1}}"#))
        #expect(sealer.open(state, of: try message(params), at: 1_000) == nil)
    }

    @Test func `opens nothing for somebody else`() throws {
        let params = #"{"name":"t"}"#
        let ann = Array(repeating: 1 as UInt8, count: 16)
        let bea = Array(repeating: 2 as UInt8, count: 16)
        let state = try seal(message(params, principal: ann))
        #expect(sealer.open(state, of: try message(params, principal: ann), at: 1_000) != nil)
        #expect(sealer.open(state, of: try message(params, principal: bea), at: 1_000) == nil)
        #expect(sealer.open(state, of: try message(params), at: 1_000) == nil)
    }
}
