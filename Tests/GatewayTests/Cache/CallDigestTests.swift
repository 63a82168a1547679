import Resilience
import Testing
import Wire

@testable import Gateway

@Suite struct `Call digest` {
    private func digest(_ params: String) throws -> CallDigest {
        try #require(try ScannedMessage(method: .toolsCall, params: params).digest())
    }

    @Test(arguments: [
        (#"{"a":1,"b":[2]}"#, #"{ "b" : [ 2.0 ] , "a" : 10e-1 }"#),
        (#"{"a":"é"}"#, #"{"\u0061":"\u00e9"}"#),
        (#"{"a":1,"_meta":{"progressToken":7}}"#, #"{"a":1}"#),
        (#"{"_meta":{"progressToken":7},"a":1}"#, #"{"\u005fmeta":{"traceparent":"x","baggage":"y"} , "a":1}"#),
        (#"{"a":0,"_meta":{},"b":-0}"#, #"{"b":0,"a":0.0}"#),
        (#"{"_meta":{}}"#, "{}"),
        ("", "{}"),
        (
            #"{"_meta":{"io.modelcontextprotocol/clientCapabilities":{"a":{},"b":1.0}}}"#,
            #"{"_meta":{"x":"y","io.modelcontextprotocol\/clientCapabilities":{"b":1,"a":{}}}}"#
        ),
    ])
    func `is the same for what means the same`(left: String, right: String) throws {
        #expect(try digest(left) == digest(right))
    }

    @Test(arguments: [
        (#"{"a":"é"}"#, "{\"a\":\"e\u{301}\"}"),
        (#"{"a":1}"#, #"{"a":"1"}"#),
        (#"{"a":9007199254740992}"#, #"{"a":9007199254740993}"#),
        (#"{"a":null}"#, "{}"),
        (#"{"a":[1,2]}"#, #"{"a":[2,1]}"#),
        (#"{"x":{"_meta":1}}"#, #"{"x":{}}"#),
        (#"{"_meta":{"io.modelcontextprotocol/clientCapabilities":{}}}"#, #"{"_meta":{}}"#),
        (
            #"{"_meta":{"io.modelcontextprotocol/clientCapabilities":{"a":{}}}}"#,
            #"{"_meta":{"io.modelcontextprotocol/clientCapabilities":{}}}"#
        ),
        (#"{"_meta":{"io.modelcontextprotocol/clientCapabilities":{"a":1}}}"#, #"{"a":1}"#),
    ])
    func `differs for what means something else`(left: String, right: String) throws {
        #expect(try digest(left) != digest(right))
    }

    @Test func `differs for pool, generation, revision and method`() throws {
        let message = try ScannedMessage(method: .toolsList, params: "{}")
        let digests = [
            message.digest(), message.digest(pool: "tool"), message.digest(pool: ""), message.digest(generation: 2),
            message.digest(version: .v2025_11_25), message.digest(method: .promptsList),
        ]
        #expect(digests.allSatisfy { $0 != nil })
        #expect(Set(digests).count == digests.count)
    }

    @Test func `is the same in every revision and for every client where that is wanted`() throws {
        let plain = try ScannedMessage(method: .toolsList, params: #"{"cursor":"a"}"#)
        let able = try ScannedMessage(
            method: .toolsList,
            params: #"{"_meta":{"io.modelcontextprotocol/clientCapabilities":{"roots":{}}},"cursor":"a"}"#)
        let other = try ScannedMessage(method: .toolsList, params: #"{"cursor":"b"}"#)
        #expect(plain.digest(version: nil) == able.digest(version: nil) && plain.digest(version: nil) != nil)
        #expect(plain.digest(version: nil) != other.digest(version: nil))
        #expect(plain.digest() != able.digest())
        for version in MCPProtocolVersion.allCases {
            #expect(plain.digest(version: version) != plain.digest(version: nil))
        }
    }

    @Test func `does not exist where the parts are of the wrong kind`() throws {
        for params in ["[]", "[1]", #"{"_meta":1}"#, #"{"_meta":[]}"#, #"{"_meta":null}"#] {
            #expect(try ScannedMessage(method: .toolsList, params: params).digest() == nil)
        }
        #expect(try ScannedMessage(method: .toolsList).digest(method: .unknown) == nil)
        #expect(try ScannedMessage(#"{"jsonrpc":"2.0","method":"tools/list"}"#).digest() == nil)
        #expect(try ScannedMessage(#"{"jsonrpc":"2.0","id":1,"result":{}}"#).digest() == nil)
    }

    @Test func `has another key for every audience`() throws {
        let first = try digest(#"{"a":1}"#)
        let second = try digest(#"{"a":2}"#)
        let audiences: [CacheAudience] = [
            .everyone, .identity([]), .identity([0]), .identity([0, 0]), .identity([UInt8](repeating: 7, count: 16)),
        ]
        let keys = audiences.flatMap { [first.key(for: $0), second.key(for: $0)] }
        #expect(Set(keys).count == keys.count)
        #expect(first.key(for: .identity([1, 2])) == (try digest(#"{"a":1.0}"#)).key(for: .identity([1, 2])))
    }

    @Test func `has a key that is its bytes`() throws {
        let key = try digest("{}").key(for: .everyone)
        #expect(key.bytes.count == 32 && CacheKey(key.bytes) == key && Set(key.bytes).count > 10)
        #expect(CacheKey(key.bytes.dropLast()) == nil && CacheKey(key.bytes + [0]) == nil)
        for index in key.bytes.indices {
            var bytes = key.bytes
            bytes[index] ^= 1
            #expect(CacheKey(bytes) != key)
        }
    }

    // MARK: Any parameters

    private static func message(
        _ params: JSONMeaning, capabilities: JSONMeaning?, _ random: inout SeededRandom
    ) throws -> ScannedMessage {
        guard case .object(var members) = params else { throw JSONError.syntax(offset: 0) }
        func scalars(_ text: String) -> [UInt32] { text.unicodeScalars.map(\.value) }
        var meta: [JSONMeaning.Member] = []
        if let capabilities {
            meta.append(.init(name: scalars("io.modelcontextprotocol/clientCapabilities"), value: capabilities))
        }
        if random.next() % 2 == 0 {
            meta.append(.init(name: scalars("traceparent"), value: .random(depth: 2, &random)))
        }
        if !meta.isEmpty || random.next() % 2 == 0 {
            members.append(.init(name: scalars("_meta"), value: .object(meta)))
        }
        let text = JSONMeaning.object(members).spelled(&random)
        let method = JSONMeaning.spell(scalars("tools/call"), &random)
        let id = Array("\(random.next() % 1_000)".utf8)
        return try ScannedMessage(
            Array(#"{"jsonrpc":"2.0","method":"#.utf8) + method + Array(#","params":"#.utf8) + text
                + Array(#","id":"#.utf8) + id + Array("}".utf8))
    }

    @Test(arguments: 0..<5 as Range<UInt64>)
    func `is equal exactly where the meaning is`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for _ in 0..<100 {
            let params = JSONMeaning.randomObject(depth: 4, &random)
            let capabilities = random.next() % 3 == 0 ? nil : JSONMeaning.randomObject(depth: 2, &random)
            let first = try #require(try Self.message(params, capabilities: capabilities, &random).digest())
            let second = try #require(try Self.message(params, capabilities: capabilities, &random).digest())
            #expect(first == second, "\(params)")
            let other = params.changed(&random)
            let third = try #require(try Self.message(other, capabilities: capabilities, &random).digest())
            #expect(first != third, "\(params) and \(other)")
            let able = capabilities?.changed(&random) ?? .object([])
            let fourth = try #require(try Self.message(params, capabilities: able, &random).digest())
            #expect(first != fourth, "\(String(describing: capabilities)) and \(able)")
        }
    }
}
