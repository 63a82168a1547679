import Testing

@testable import Wire

@Suite struct JSONRPCStreamScannerTests {
    static let samples = [
        #"{"jsonrpc":"2.0","id":1,"result":{"isError":true,"content":[{"type":"text","text":"a\n\u00e9\ud83d\ude00é"}]}}"#,
        #" { "result" : {"isError":false,"x":{"isError":true}} , "id" : 1 , "jsonrpc" : "2.0" } "#,
        #"{"jsonrpc":"2.0","id":"1","result":{}}"#, #"{"jsonrpc":"2.0","error":{"code":1,"message":"isError"}}"#,
        #"{"jsonrpc":"2.0","id":null,"error":{}}"#, #"{"jsonrpc":"2.0","id":2,"result":[{"isError":true},true]}"#,
        #"[{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","method":"m","params":[[1]]}]"#, "[]", "[[1]]",
        "[1,{}]",
        #"[{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0"}]"#, "17", "-1.5e3", "\"x\"", "true", "{}",
        #"{"jsonrpc":"2.0","id":1,"method":"m","params":{}}"#, #"{"jsonrpc":"2.0","method":"m"}"#,
        #"{"jsonrpc":"2.0","id":1,"result":{"a":1,"\u0061":2}}"#, #"{"jsonrpc":"2.0","id":1,"id":1,"result":{}}"#,
        #"{"jsonrpc":"2.0","id":1,"result":{"a":1,"a":2}"#, #"{"jsonrpc":"2.0","id":1,"result":{"a":tru}}"#,
        #"{"jsonrpc":"2.0","id":1.0,"result":{}}"#,
        #"{"\u006asonrpc":"\u0032.0","i\u0064":1,"result":{"is\u0045rror":true}}"#,
        #"{"jsonrpc":"2.00","id":1,"result":{}}"#, #"{"jsonrpc":"2.0","id":1,"result":{"a":"\ud800"}}"#, "[", "1 2", "",
        #"{"jsonrpc":"2.0","id":99999999999999999999999999,"result":{}}"#, #"{"jsonrpc":"2.0","id":-0,"result":{}}"#,
    ]

    /// What `scan` makes of the same bytes, in the words of the stream's verdict.
    private static func expected(_ bytes: [UInt8], id: String) -> (JSONRPCStreamScanner.Verdict?, String?) {
        let scanned = Scanned(bytes)
        guard let envelope = scanned.envelope else { return (nil, scanned.error?.category) }
        let call = Scanned("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"m\"}")
        var idMatches = false
        if let ownID = envelope.id, let callID = call.envelope?.id {
            idMatches = bytes.withUnsafeBytes { own in
                call.bytes.withUnsafeBytes { ownID.matches(callID, in: ByteView(own), otherBytes: ByteView($0)) }
            }
        }
        let verdict = JSONRPCStreamScanner.Verdict(
            kind: envelope.kind, hasID: envelope.id != nil, idMatches: idMatches, isToolError: envelope.isToolError)
        return (verdict, nil)
    }

    @Test(arguments: samples)
    func `judges as scan does, cut once or twice anywhere or into bytes`(_ text: String) {
        let bytes = Array(text.utf8)
        let (verdict, failure) = Self.expected(bytes, id: "1")
        for first in 0...bytes.count {
            for cuts in [[first], [first, min(first + 1, bytes.count)], [first, (first + bytes.count) / 2].sorted()] {
                let result = StreamVerdict(bytes, cuts: cuts)
                #expect(result.verdict == verdict && result.failure == failure, "cut at \(cuts): \(result)")
            }
        }
        let bytewise = StreamVerdict(bytes, cuts: Array(0..<bytes.count))
        #expect(bytewise.verdict == verdict && bytewise.failure == failure)
    }

    @Test(arguments: UInt64(1)...6)
    func `judges random changes as scan does`(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let alphabet = Array("{}[]\",:\\u01.eE-tfn \n/".utf8) + [0xC3, 0xA9, 0xFF]
        for round in 0..<400 {
            var bytes = Array(Self.samples[round % Self.samples.count].utf8)
            for _ in 0..<2 where !bytes.isEmpty {
                let position = Int.random(in: 0..<bytes.count, using: &generator)
                let byte = alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[position] = byte
                case 1: bytes.insert(byte, at: position)
                default: bytes.remove(at: position)
                }
            }
            let (verdict, failure) = Self.expected(bytes, id: "1")
            let cut = Int.random(in: 0...bytes.count, using: &generator)
            let result = StreamVerdict(bytes, cuts: [cut])
            #expect(
                result.verdict == verdict && result.failure == failure,
                "\(String(decoding: bytes, as: UTF8.self)) \(result)")
        }
    }

    @Test func `tells a wrong id before the answer is complete`() throws {
        var scanner = JSONRPCStreamScanner(seed: 1, expecting: Array("7".utf8))
        let start = Array(#"{"jsonrpc":"2.0","id":"#.utf8)
        try start.withUnsafeBytes { try scanner.consume(ByteView($0)) }
        let early = scanner.hasWrongID
        #expect(!early)
        let end = Array("8,\"result\":\"".utf8)
        try end.withUnsafeBytes { try scanner.consume(ByteView($0)) }
        let late = scanner.hasWrongID
        #expect(late)
    }

    @Test func `throws the same again after an error`() {
        var scanner = JSONRPCStreamScanner(seed: 1, expecting: Array("7".utf8))
        let bad = Array("{]".utf8)
        let good = Array("{}".utf8)
        for piece in [bad, good] {
            let error = piece.withUnsafeBytes { raw -> JSONRPCError? in
                do throws(JSONRPCError) {
                    try scanner.consume(ByteView(raw))
                    return nil
                } catch {
                    return error
                }
            }
            #expect(error == .notJSON(offset: 1))
        }
        do throws(JSONRPCError) {
            _ = try scanner.finish()
            Issue.record("no error")
        } catch {
            #expect(error == .notJSON(offset: 1))
        }
    }

    @Test func `bounds depth, values and names as scan does`() {
        let start = #"{"jsonrpc":"2.0","id":1,"result":"#
        for value in [
            String(repeating: "[", count: 63) + String(repeating: "]", count: 63), String(repeating: "[", count: 64),
            "[" + Array(repeating: "0", count: 99_996).joined(separator: ",") + "]",
            "[" + Array(repeating: "0", count: 99_997).joined(separator: ",") + "]",
            "{\"" + String(repeating: "n", count: 65_536) + "\":1}",
            "{\"" + String(repeating: "n", count: 65_537) + "\":1}",
            "{\"" + String(repeating: "n", count: 70_000) + "\u{1}\":1}",
        ] {
            let bytes = Array((start + value + "}").utf8)
            let (verdict, failure) = Self.expected(bytes, id: "1")
            let result = StreamVerdict(bytes, cuts: stride(from: 1_000, to: bytes.count, by: 1_000).map { $0 })
            #expect(result.verdict == verdict && result.failure == failure)
        }
    }

    @Test func `finds duplicates among 20,000 names that came in pieces`() {
        let members = (0..<20_000).map { "\"m\($0)\":0" }.joined(separator: ",")
        for (more, failure) in [("", nil), (",\"m\\u0037\":0", "duplicateName")] {
            let bytes = Array("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\(members)\(more)}}".utf8)
            let result = StreamVerdict(bytes, cuts: stride(from: 16_384, to: bytes.count, by: 16_384).map { $0 })
            #expect(result.failure == failure)
        }
    }
}
