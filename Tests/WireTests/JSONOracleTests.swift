import Foundation
import Testing

@testable import Wire

/// Random changes to good texts, judged by the scanner and by Foundation's parser.
///
/// Intended differences, all in the strict direction: Foundation takes objects with two members of one name (and keeps
/// one), a comma before the closing brace, up to 512 levels, a byte order mark, UTF-16 and UTF-32, and NUL bytes. In the other direction it
/// refuses numbers that a `Double` cannot hold, which are carried here as they stand.
@Suite struct JSONOracleTests {
    static let seeds: [[UInt8]] = [
        #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"process_data","arguments":{"data":{"a":[1,2.5,-3e2]}}}}"#,
        #"["\u00e9\ud83d\ude00\n\\\"/","é€😀",{"a":{"b":{"c":[[],{}]}}},true,false,null,0,-0.5e-3]"#,
        #" { "k" : [ 1 , "two" , { } ] , "longer name than eight" : "text text text text" } "#,
    ].map { Array($0.utf8) }

    @Test(arguments: UInt64(1)...8)
    func `agrees with Foundation about random changes`(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var scratch = JSONScratch(seed: seed)
        var acceptedCount = 0
        for round in 0..<500 {
            var bytes = Self.seeds[round % Self.seeds.count]
            for _ in 0..<Int.random(in: 1...3, using: &generator) { Self.change(&bytes, &generator) }
            let error = judge(bytes, &scratch)
            let cut = Int.random(in: 0...bytes.count, using: &generator)
            #expect(judgeStream(bytes, cuts: [cut])?.category == error?.category)
            if error == nil { acceptedCount += 1 }
            let isTaken = (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
            switch error {
            case nil where !isTaken:
                // Only a number out of the range of a Double explains that.
                #expect(Self.hasHugeNumber(bytes), "\(String(decoding: bytes, as: UTF8.self))")
            case .syntax where isTaken:
                #expect(Self.isLaxOnly(bytes), "\(String(decoding: bytes, as: UTF8.self)) \(bytes)")
            case nil, .syntax, .duplicateName, .tooDeep, .tooManyValues, .nameTooLong:
                break
            }
            guard error == nil, let value = try? JSONValue.parse(bytes) else { continue }
            #expect(try! JSONValue.parse(value.bytes) == value)
            #expect(judge(value.bytes) == nil)
        }
        #expect(acceptedCount > 30)
    }

    private static func change(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        let alphabet =
            Array("{}[]\",:\\u0123456789aAeE+-.tfn \n\t/\u{0}\u{1F}é😀".utf8) + [0xFF, 0xC0, 0xED, 0xA0, 0x80]
        let position = bytes.isEmpty ? 0 : Int.random(in: 0..<bytes.count, using: &generator)
        let byte = alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: bytes.insert(byte, at: position)
        case 1 where !bytes.isEmpty: bytes.remove(at: position)
        case 2 where !bytes.isEmpty: bytes[position] = byte
        case 3 where bytes.count > 2:
            let other = Int.random(in: 0..<bytes.count, using: &generator)
            bytes.swapAt(position, other)
        default:
            let end = min(position + Int.random(in: 1...12, using: &generator), bytes.count)
            bytes.insert(contentsOf: bytes[position..<end], at: end)
        }
    }

    private static func hasHugeNumber(_ bytes: [UInt8]) -> Bool {
        String(decoding: bytes, as: UTF8.self).split(whereSeparator: { !"+-.0123456789eE".contains($0) })
            .contains { number in Double(number).map { !$0.isFinite || $0 == 0 || abs($0) < 1e-300 } ?? false }
    }

    private static func isLaxOnly(_ bytes: [UInt8]) -> Bool {
        bytes.contains(0) || bytes.starts(with: [0xEF, 0xBB, 0xBF]) || bytes.starts(with: [0xFE, 0xFF])
            || bytes.starts(with: [0xFF, 0xFE])
            || String(decoding: bytes, as: UTF8.self).contains(/,[ \n\r\t]*\}/)
    }
}
