import MCPServer
import NIOCore
import Testing
import Wire

struct JSONMembersTests {
    /// The members of an object, or the elements of an array, as texts.
    private func members(_ text: String) -> [(name: String?, value: String)] {
        let buffer = ByteBuffer(string: text)
        return buffer.withByteView { bytes in
            var found: [(name: String?, value: String)] = []
            var members = JSONMembers(bytes, in: ByteRange(start: 0, length: bytes.count))
            while let member = members.next() {
                let name = member.name.map { String(decoding: $0.unescaped(in: bytes), as: UTF8.self) }
                found.append((name, bytes[member.value].string))
            }
            return found
        }
    }

    @Test func `finds members and elements as they stand`() {
        let object = members(#" { "a" : 1.50 ,"b\"}":"}\\\"", "c":{"x":[1,{"y":"]"}]} , "":[ ] ,"d":null}"#)
        #expect(object.map(\.name) == ["a", "b\"}", "c", "", "d"])
        #expect(object.map(\.value) == ["1.50", #""}\\\"""#, #"{"x":[1,{"y":"]"}]}"#, "[ ]", "null"])
        let array = members("[1, \"a,b\",\n[2,3],{},true]")
        #expect(array.map(\.value) == ["1", "\"a,b\"", "[2,3]", "{}", "true"])
        #expect(array.allSatisfy { $0.name == nil })
        for empty in ["{}", "[]", " [ \n]", "1", "\"{\"", "", "nul"] { #expect(members(empty).isEmpty, "\(empty)") }
    }

    @Test func `agrees with the tree for random values`() throws {
        var random = SeededGenerator(seed: 20_261_127)
        for _ in 0..<2_000 {
            let value = JSONValue.random(depth: 3, using: &random)
            let text = value.description
            let found = members(text)
            switch value {
            case .object(let object):
                #expect(found.map(\.name) == object.map(\.name))
                for (member, expected) in zip(found, object) {
                    #expect(try JSONValue.parse(member.value) == expected.value)
                }
            case .array(let elements):
                #expect(try found.map { try JSONValue.parse($0.value) } == elements)
            case .null, .bool, .number, .string:
                #expect(found.isEmpty)
            }
        }
    }

    @Test func `ends on anything that is not JSON`() {
        var random = SeededGenerator(seed: 7)
        let alphabet = Array(#"{}[]",:\ 1a"#.utf8)
        for length in 0..<400 {
            let bytes = (0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] }
            #expect(members(String(decoding: bytes, as: UTF8.self)).count <= length)
        }
        let whole = #"{"a":{"b":[1,"x\"y",{"c":null}]},"d":"e"}"#
        for end in 0...whole.utf8.count { _ = members(String(whole.prefix(end))) }
    }

    @Test func `looks values up by unescaped names`() {
        let buffer = ByteBuffer(string: #"{"a":1,"\u0062":[2],"c":"x"}"#)
        buffer.withByteView { bytes in
            let whole = ByteRange(start: 0, length: bytes.count)
            let value = { (name: StaticString) in JSONMembers.value(of: name, in: whole, bytes).map { bytes[$0].string }
            }
            #expect(value("a") == "1")
            #expect(value("b") == "[2]")
            #expect(value("B") == nil)
            #expect(JSONMembers.value(of: "c", in: whole, bytes).flatMap { JSONMembers.text($0, bytes) } != nil)
        }
    }
}

/// A generator that gives the same numbers for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

extension JSONValue {
    /// A random value that is nested at most `depth` deep.
    static func random(depth: Int, using random: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 6 : 4), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .integer(Int.random(in: -1_000_000...1_000_000, using: &random))
        case 3: return .string(text(using: &random))
        case 4:
            return .array(
                (0..<Int.random(in: 0..<4, using: &random)).map { _ in .random(depth: depth - 1, using: &random) })
        default:
            var object = JSONObject()
            for _ in 0..<Int.random(in: 0..<4, using: &random) {
                object[text(using: &random)] = .random(depth: depth - 1, using: &random)
            }
            return .object(object)
        }
    }

    private static func text(using random: inout SeededGenerator) -> String {
        let characters: [Character] = ["a", "\"", "\\", "{", "}", "[", "]", ",", ":", "\n", "é", "😀", "\u{0}", " "]
        return String(
            (0..<Int.random(in: 0..<6, using: &random)).map { _ in
                characters[Int.random(in: 0..<characters.count, using: &random)]
            })
    }
}
