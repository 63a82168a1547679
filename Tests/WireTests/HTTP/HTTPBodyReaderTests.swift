import Testing
import Wire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite struct HTTPBodyReaderTests {
    private func read(_ text: String, limit: Int = .max) -> BodyReading {
        readBody(.chunked, Array(text.utf8), limit: limit)
    }

    // MARK: Lengths

    @Test func `ends at once without a body`() {
        for framing in [HTTPBodyFraming.none, .length(0)] {
            #expect(readBody(framing, Array("GET".utf8)) == BodyReading(end: .finished(consumed: 0)))
            #expect(readBody(framing, []) == BodyReading(end: .finished(consumed: 0)))
        }
    }

    @Test func `takes exactly the announced length`() {
        let bytes = Array("12345GET".utf8)
        #expect(readBody(.length(5), bytes) == BodyReading(body: Array("12345".utf8), end: .finished(consumed: 5)))
        #expect(readBody(.length(9), bytes) == BodyReading(body: bytes, end: .needsMore))
    }

    @Test func `refuses a length beyond the limit before any of it has come`() {
        #expect(readBody(.length(6), [], limit: 5).end == .refused(.bodyTooLarge))
        #expect(readBody(.length(.max), [], limit: 5).end == .refused(.bodyTooLarge))
        #expect(readBody(.length(5), [1, 2, 3, 4, 5], limit: 5).end == .finished(consumed: 5))
    }

    @Test func `takes everything until the connection closes`() throws {
        #expect(readBody(.untilClose, Array("abc".utf8)) == BodyReading(body: Array("abc".utf8), end: .needsMore))
        #expect(readBody(.untilClose, Array("abc".utf8), limit: 2).end == .refused(.bodyTooLarge))
        #expect(readBody(.untilClose, Array("abc".utf8), cuts: [1, 2], limit: 2).end == .refused(.bodyTooLarge))
        #expect(try HTTPBodyReader(.untilClose).endsWithConnection)
        #expect(try !HTTPBodyReader(.chunked).endsWithConnection)
        #expect(try !HTTPBodyReader(.length(3)).endsWithConnection)
    }

    // MARK: Chunks

    @Test(arguments: [
        ("0\r\n\r\n", ""), ("1\r\na\r\n0\r\n\r\n", "a"), ("a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("A\r\n0123456789\r\n000\r\n\r\n", "0123456789"), ("2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", "abc"),
        ("000000000000001\r\na\r\n000000000000000\r\n\r\n", "a"), ("3\r\n\r\n0\r\n0\r\n\r\n", "\r\n0"),
        ("1;a\r\nx\r\n0;b=c\r\n\r\n", "x"), ("1;a=\"q;\t\u{e9}\"\r\nx\r\n0\r\n\r\n", "x"),
        ("1;a=\"\\\"\\\\\";b;c=d\r\nx\r\n0\r\n\r\n", "x"),
        ("0\r\nA: b\r\nC:\r\n\r\n", ""), ("1\r\nx\r\n0\r\nContent-Length: 9\r\n\r\n", "x"),
    ])
    func `joins chunks and drops extensions and trailers`(_ text: String, _ body: String) {
        let reading = read(text + "GET / HTTP/1.1")
        #expect(reading == BodyReading(body: Array(body.utf8), end: .finished(consumed: text.utf8.count)))
    }

    @Test(arguments: [
        // Sizes of 1 to 15 hexadecimal digits.
        "\r\n", "g\r\n", " 1\r\n", "1 \r\n", "1\t\r\n", "+1\r\n", "-1\r\n", "0x1\r\n", "1_0\r\n", "1.0\r\n", "\n",
        ";a\r\n",
        "0000000000000000\r\n", "1000000000000000\r\n", "ffffffffffffffff\r\n", "10000000000000000\r\n", "\u{0}1\r\n",
        "\u{661}\r\n", "1 ;a\r\n",
        // Line ends.
        "1\n", "1\r\r\n", "1\ra\r\n", "1\r\na\n", "1\r\nab\r\n", "1\r\na\r\r\n", "1\r\na0\r\n\r\n", "1;a\nx\r\n",
        // Extensions.
        "1;\r\n", "1;;a\r\n", "1;a;\r\n", "1;=a\r\n", "1;a=\r\n", "1;a=b=c\r\n", "1; a\r\n", "1;a \r\n", "1;a= b\r\n",
        "1;a=\"b\r\n", "1;a=\"b\"c\r\n", "1;a=b\"c\"\r\n", "1;a=\"\\\r\n", "1;\u{e9}\r\n", "1;a/b\r\n",
        "1;a=\u{e9}\r\n",
        "1;a\u{0}\r\n", "1;a\u{1f}\r\n", "1;a\u{7f}\r\n", "1;\u{b}\r\n",
    ])
    func `refuses chunks that are not`(_ text: String) {
        #expect(read(text).end == .refused(.chunk))
    }

    @Test(arguments: [
        "0\r\n\n", "0\r\n\rX", "0\r\n: a\r\n\r\n", "0\r\n A: b\r\n\r\n", "0\r\n\tA: b\r\n\r\n", "0\r\nA: b\n\r\n",
        "0\r\nA: \u{0}\r\n\r\n", "0\r\nA: \u{7f}\r\n\r\n", "0\r\nA: b\rC\r\n\r\n", "0\r\nA: b\r\n\rX",
        "0\r\n\"A: b\r\n\r\n",
        "0\r\nA\r\n\r\n", "0\r\nA b\r\n\r\n", "0\r\nA : b\r\n\r\n", "0\r\nGET / HTTP/1.1\r\n\r\n",
        "0\r\nA\u{e9}: b\r\n\r\n",
    ])
    func `refuses trailers that are not`(_ text: String) {
        #expect(read(text).end == .refused(.trailer))
    }

    @Test func `bounds extensions`() {
        func chunk(_ count: Int) -> String { "1;\(String(repeating: "e", count: count))\r\nx\r\n" }
        #expect(read(chunk(256)).end == .needsMore)
        #expect(read(chunk(257)).end == .refused(.chunk))
        #expect(read("1;" + String(repeating: "e", count: 257)).end == .refused(.chunk))
        #expect(read(String(repeating: chunk(256), count: 16)).end == .needsMore)
        #expect(read(String(repeating: chunk(256), count: 16) + chunk(1)).end == .refused(.chunk))
    }

    @Test func `bounds trailers`() {
        #expect(
            read("0\r\n" + String(repeating: "A: b\r\n", count: 16) + "\r\n").end == .finished(consumed: 3 + 96 + 2))
        #expect(read("0\r\n" + String(repeating: "A: b\r\n", count: 17)).end == .refused(.trailer))
        let long = String(repeating: "v", count: 4_096 - "A: \r\n\r\n".utf8.count)
        #expect(read("0\r\nA: \(long)\r\n\r\n").end == .finished(consumed: 3 + 4_096))
        #expect(read("0\r\nA: \(long)v\r\n\r\n").end == .refused(.trailer))
        #expect(read("0\r\nA: \(long)vvvvvvvv").end == .refused(.trailer))
    }

    @Test func `bounds the sum of all chunks`() {
        #expect(read("5\r\nabcde\r\n0\r\n\r\n", limit: 5).end == .finished(consumed: 15))
        #expect(read("6\r\n", limit: 5).end == .refused(.bodyTooLarge))
        #expect(
            read("3\r\nabc\r\n3\r\n", limit: 5) == BodyReading(body: Array("abc".utf8), end: .refused(.bodyTooLarge)))
        #expect(read("fffffffffffffff\r\n", limit: 5).end == .refused(.bodyTooLarge))
        #expect(read("fffffffffffffff\r\nabc").end == .needsMore)
        #expect(read("1\r\na\r\nfffffffffffffff\r\nabc").end == .needsMore)
    }

    @Test func `counts what it has found`() throws {
        var reader = try HTTPBodyReader(.chunked)
        let bytes = Array("5\r\nabc".utf8)
        let steps = try bytes.withUnsafeBytes { raw throws in
            [try reader.next(ByteView(raw), from: 0), try reader.next(ByteView(raw), from: 6)]
        }
        #expect(steps == [.data(ByteRange(start: 3, length: 3), consumed: 6), .needsMore])
        #expect(reader.receivedByteCount == 3)
        #expect(!reader.isFinished)
    }

    // MARK: Pieces

    private static let samples: [(HTTPBodyFraming, String)] = [
        (.length(11), "hello world and more"), (.untilClose, "until the end"),
        (.chunked, "5;x=y\r\nhello\r\n00A\r\n0123456789\r\n0\r\nA: b\r\nC:\r\n\r\nGET"), (.chunked, "0\r\n\r\n"),
        (.chunked, "1\r\na\r\n5\r\nb\r\n"), (.chunked, "1\r\nab\r\n"), (.chunked, "0\r\nA: \u{0}"),
        (.chunked, "1;\u{7f}"),
        (.chunked, "7fffffff\r\nabc"), (.chunked, "0\r\nA: b\r\n\rX"), (.chunked, "0\r\n\r\r"),
        (.chunked, "12345678123456781"),
    ]

    @Test func `finds the same body however it is cut`() {
        for (framing, text) in HTTPBodyReaderTests.samples {
            let bytes = Array(text.utf8)
            for limit in [Int.max, 12, 5] {
                let whole = readBody(framing, bytes, limit: limit)
                for first in 0...bytes.count {
                    for second in first...bytes.count {
                        let reading = readBody(framing, bytes, cuts: [first, second], limit: limit)
                        // Of a body that is refused, how much was found before depends on the cut.
                        #expect(reading.end == whole.end, "\(text.debugDescription) cut at \(first) and \(second)")
                        if case .refused = whole.end { continue }
                        #expect(reading.body == whole.body, "\(text.debugDescription) cut at \(first) and \(second)")
                    }
                }
                #expect(readBody(framing, bytes, cuts: Array(0...bytes.count), limit: limit).end == whole.end)
            }
        }
    }

    @Test func `never takes a verdict back when more bytes come`() {
        for (framing, text) in HTTPBodyReaderTests.samples {
            let bytes = Array(text.utf8)
            let whole = readBody(framing, bytes)
            for count in 0..<bytes.count {
                let reading = readBody(framing, Array(bytes[..<count]))
                #expect(reading.end == whole.end || reading.end == .needsMore)
                #expect(whole.body.starts(with: reading.body))
            }
        }
    }

    @Test func `takes time that grows with the bytes and not with the chunks`() {
        func time(_ count: Int) -> Duration {
            let bytes = Array((String(repeating: "1\r\nx\r\n", count: count) + "0\r\n\r\n").utf8)
            var best = Duration.seconds(60)
            for _ in 0..<3 {
                var reading = BodyReading(end: .needsMore)
                let start = threadTime()
                reading = readBody(.chunked, bytes)
                best = min(best, threadTime() - start)
                #expect(reading.body.count == count)
            }
            return best
        }
        let small = time(2_000)
        #expect(time(20_000) < small * 60)  // quadratic would be a hundred times
    }
}

/// The time that this thread has worked: a busy machine does not matter.
private func threadTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
}
