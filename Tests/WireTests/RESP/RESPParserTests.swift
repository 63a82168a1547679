import NIOCore
import Testing
import Wire

struct RESPParserTests {
    private func text(_ string: String) -> ByteBuffer { ByteBuffer(string: string) }

    @Test func `reads every type`() {
        let samples: [(String, RESPValue)] = [
            ("+OK\r\n", .simpleString(text("OK"))),
            ("+\r\n", .simpleString(text(""))),
            ("-ERR no\r\n", .error(text("ERR no"))),
            ("!6\r\nERR\r\nx\r\n", .error(text("ERR\r\nx"))),
            (":0\r\n", .integer(0)),
            (":-9223372036854775808\r\n", .integer(.min)),
            (":+9223372036854775807\r\n", .integer(.max)),
            ("$5\r\na\r\nb\n\r\n", .bulkString(text("a\r\nb\n"))),
            ("$0\r\n\r\n", .bulkString(text(""))),
            ("=8\r\ntxt:some\r\n", .verbatimString(text("some"))),
            (",3.25\r\n", .double(3.25)),
            (",-1e-7\r\n", .double(-1e-7)),
            (",10\r\n", .double(10)),
            (",inf\r\n", .double(.infinity)),
            (",-inf\r\n", .double(-.infinity)),
            ("(-123456789012345678901234567890\r\n", .bigNumber(text("-123456789012345678901234567890"))),
            ("#t\r\n", .boolean(true)),
            ("#f\r\n", .boolean(false)),
            ("_\r\n", .null),
            ("$-1\r\n", .null),
            ("*-1\r\n", .null),
            ("*0\r\n", .array([])),
            ("*2\r\n:1\r\n*1\r\n_\r\n", .array([.integer(1), .array([.null])])),
            ("%1\r\n+a\r\n:1\r\n", .map([.simpleString(text("a")), .integer(1)])),
            ("%0\r\n", .map([])),
            ("~2\r\n:1\r\n:2\r\n", .set([.integer(1), .integer(2)])),
            (">1\r\n+pong\r\n", .push([.simpleString(text("pong"))])),
            ("|1\r\n+ttl\r\n:5\r\n:1\r\n", .integer(1)),
            ("|0\r\n*1\r\n|1\r\n+a\r\n+b\r\n:7\r\n", .array([.integer(7)])),
        ]
        for (bytes, value) in samples { #expect(readRESP(bytes) == RESPReading(values: [value]), "\(bytes)") }
        #expect(readRESP(samples.map(\.0).joined()) == RESPReading(values: samples.map(\.1)))
        guard case .double(let number)? = readRESP(",nan\r\n").values.first else { return #expect(Bool(false)) }
        #expect(number.isNaN)
    }

    @Test(arguments: [
        "x\r\n", "\r\n", "\u{0}", "+a\n", "+a\rb", "-a\nb\r\n", ":\r\n", ":-\r\n", ":1a\r\n", ": 1\r\n",
        ":9223372036854775808\r\n", ":-9223372036854775809\r\n", ":123456789012345678901\r\n", "$\r\n", "$a\r\n",
        "$-2\r\n",
        "$+1\r\n", "$1\r\nab\r\n", "$1\r\na\n\r", "$?\r\n", "*?\r\n", "*-2\r\n", "%-1\r\n", "~-1\r\n", ">-1\r\n",
        ">0\r\n",
        "|-1\r\n", "!-1\r\n", "=-1\r\n", "=3\r\ntxt\r\n", "=5\r\ntxt-a\r\n", "#\r\n", "#x\r\n", "#tt\r\n", "_x\r\n",
        ",\r\n",
        ",1.2.3\r\n", ",0x10\r\n", ",infinity\r\n", ",1e\r\n", ", 1\r\n", "(\r\n", "(-\r\n", "(1.5\r\n",
        "*1\r\n>1\r\n+a\r\n",
        "%1\r\n+a\r\n>1\r\n+a\r\n", ";1\r\na\r\n", ".\r\n",
    ])
    func `refuses what is not RESP`(bytes: String) {
        #expect(readRESP(bytes).error == .malformed)
        #expect(readRESP(":1\r\n" + bytes) == RESPReading(values: [.integer(1)], error: .malformed))
    }

    @Test func `refuses more than its bounds at once, without having received it`() {
        #expect(readRESP("$67108865\r\n").error == .tooLong)
        #expect(readRESP("$67108864\r\n").error == nil)
        #expect(readRESP("$9223372036854775807\r\n").error == .tooLong)
        #expect(readRESP("*2\r\n$1\r\na\r\n$67108864\r\n").error == .tooLong)
        #expect(readRESP("*1048575\r\n").error == nil)
        #expect(readRESP("*1048576\r\n").error == .tooManyElements)
        #expect(readRESP("%524288\r\n").error == .tooManyElements)
        #expect(readRESP("*9223372036854775807\r\n").error == .tooManyElements)
        #expect(readRESP("%9223372036854775807\r\n").error == .tooManyElements)
        #expect(readRESP("*1000000\r\n*1000000\r\n").error == .tooManyElements)
        #expect(readRESP(String(repeating: "*1\r\n", count: 32)).error == nil)
        #expect(readRESP(String(repeating: "*1\r\n", count: 33)).error == .tooDeep)
        #expect(readRESP("+" + String(repeating: "a", count: 65_535)).error == nil)
        #expect(readRESP("+" + String(repeating: "a", count: 65_536)).error == .tooLong)
        #expect(readRESP("*1048000\r\n" + String(repeating: "|0\r\n", count: 1_000)).error == .tooManyElements)
    }

    @Test func `begins to count anew with each reply`() {
        let long = Array("$40000000\r\n".utf8) + [UInt8](repeating: 0x61, count: 40_000_000) + Array("\r\n".utf8)
        let reading = readRESP(long + long)
        #expect(reading.values.count == 2)
        #expect(reading.error == nil)
    }

    @Test func `gives the same however the bytes are cut`() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<60 {
            let values = (0..<3).map { _ in RESPValue.random(&random) }
            let bytes = values.flatMap { $0.encoded(&random) }
            #expect(readRESP(bytes) == RESPReading(values: values))
            #expect(readRESP(bytes, cuts: Array(1..<bytes.count)) == RESPReading(values: values))
            for cut in 1..<bytes.count where readRESP(bytes, cuts: [cut]) != RESPReading(values: values) {
                Issue.record("cut at \(cut): \(String(decoding: bytes, as: UTF8.self))")
            }
        }
    }

    @Test func `finds no end in what is cut off`() {
        var random = SeededGenerator(seed: 8)
        for _ in 0..<40 {
            let bytes = RESPValue.random(&random).encoded(&random)
            for end in 0..<bytes.count {
                let reading = readRESP(Array(bytes[..<end]))
                if !reading.values.isEmpty || reading.error != nil {
                    Issue.record("\(end) of \(String(decoding: bytes, as: UTF8.self))")
                }
                if end > 0, reading.isBetweenReplies { Issue.record("\(end) bytes were forgotten") }
            }
        }
    }

    /// Random bytes, and good bytes with a few changed, in two cuts: no trap, and one outcome.
    @Test func `survives anything, and judges it the same however it is cut`() {
        var random = SeededGenerator(seed: 9)
        let alphabet = Array("+-:$!=,(#_*%~>|\r\n\r\n0123456789-tfax?;.\u{0}\u{FF}".utf8)
        for round in 0..<5_000 {
            var bytes: [UInt8]
            if round % 2 == 0 {
                bytes = (0..<Int.random(in: 1..<60, using: &random)).map { _ in
                    alphabet.randomElement(using: &random) ?? 0
                }
            } else {
                bytes = RESPValue.random(&random).encoded(&random)
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = alphabet.randomElement(using: &random) ?? 0
                }
            }
            let whole = readRESP(bytes)
            let cut = Int.random(in: 0...bytes.count, using: &random)
            guard readRESP(bytes, cuts: [cut]) == whole, readRESP(bytes, cuts: Array(1..<bytes.count)) == whole else {
                Issue.record("cut at \(cut): \(bytes)")
                continue
            }
        }
    }

    @Test func `takes linear time for a reply in small pieces`() {
        // 4 MiB in pieces of 4 KiB, and 20,000 elements byte by byte: hours, if each piece were looked at again.
        var buffer = ByteBuffer()
        var parser = RESPParser()
        buffer.writeString("$4194304\r\n")
        for _ in 0..<1_024 {
            #expect(throws: Never.self) { try parser.next(in: &buffer) == nil }
            buffer.writeRepeatingByte(0x61, count: 4_096)
        }
        buffer.writeString("\r\n")
        #expect((try? parser.next(in: &buffer))?.string?.readableBytes == 4_194_304)
        let many = Array(("*20000\r\n" + String(repeating: ":1\r\n", count: 20_000)).utf8)
        #expect(readRESP(many, cuts: Array(1..<many.count)).values.first?.elements?.count == 20_000)
    }

    @Test func `finds a member of a map, or of the array that RESP2 has in its place`() {
        for bytes in ["%2\r\n+a\r\n:1\r\n$1\r\nb\r\n:2\r\n", "*4\r\n+a\r\n:1\r\n$1\r\nb\r\n:2\r\n"] {
            let value = readRESP(bytes).values.first
            #expect(value?["b"] == .integer(2))
            #expect(value?["c"] == nil)
        }
        #expect(RESPValue.integer(1)["a"] == nil)
    }
}
