import NIOCore
import Testing

@testable import Wire

struct SSEParserTests {
    /// What a client makes of one block with data.
    struct Event: Hashable {
        var name = ""
        var data = ""
        var id: String?
        var retry: String?
    }

    /// Everything that comes out of a stream, however it was cut.
    struct Reading: Hashable {
        var events: [Event] = []
        var messages: [String] = []
        /// Ids and reconnection times of blocks without data count too.
        var ids: [String] = []
        var byteCount = 0
    }

    /// Feeds `pieces` one after another, taking every block that is complete.
    static func read(_ pieces: [[UInt8]], maximum: Int = SSEParser.maximumEventByteCount) throws(SSEError) -> Reading {
        var parser = SSEParser(maximumEventByteCount: maximum)
        var buffer = ByteBuffer()
        var reading = Reading()
        for piece in pieces {
            buffer.writeBytes(piece)
            while let block = try parser.next(in: buffer) {
                take(block, buffer, &reading)
                buffer.moveReaderIndex(forwardBy: block.byteCount)
            }
        }
        return reading
    }

    static func take(_ block: SSEBlock, _ buffer: ByteBuffer, _ reading: inout Reading) {
        reading.byteCount += block.byteCount
        buffer.withByteView { bytes in
            if let id = block.id { reading.ids.append(bytes[id].string) }
            guard block.dataLineCount > 0 else {
                #expect(!block.isMessage)
                return
            }
            let data = String(decoding: block.joinedData(in: bytes), as: UTF8.self)
            if let single = block.data { #expect(bytes[single].string == data) }
            reading.events.append(
                Event(
                    name: block.event.map { bytes[$0].string } ?? "", data: data,
                    id: block.id.map { bytes[$0].string }, retry: block.retry.map { bytes[$0].string }))
            if block.isMessage { reading.messages.append(data) }
        }
    }

    /// The algorithm of WHATWG HTML §9.2.6, word by word, on a stream that is all there.
    static func model(_ bytes: [UInt8]) -> Reading {
        var rest = bytes[...]
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        var reading = Reading()
        var event = Event()
        var lines: [[UInt8]] = []
        var line: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == 0x0D {
                if rest.first == 0x0A { rest.removeFirst() }
                lines.append(line)
                line = []
            } else if byte == 0x0A {
                lines.append(line)
                line = []
            } else {
                line.append(byte)
            }
        }
        var data: [[UInt8]] = []
        for line in lines {
            if line.isEmpty {
                if let id = event.id { reading.ids.append(id) }
                if !data.isEmpty {
                    event.data = String(decoding: Array(data.joined(separator: [0x0A])), as: UTF8.self)
                    reading.events.append(event)
                    if event.name == "" || event.name == "message", !event.data.isEmpty {
                        reading.messages.append(event.data)
                    }
                }
                event = Event()
                data = []
                continue
            }
            let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
            var value = line[colon...].dropFirst()
            if value.first == 0x20 { value = value.dropFirst() }
            switch String(decoding: line[..<colon], as: UTF8.self) {
            case "data": data.append(Array(value))
            case "event": event.name = String(decoding: value, as: UTF8.self)
            case "id" where !value.contains(0): event.id = String(decoding: value, as: UTF8.self)
            case "retry" where !value.isEmpty && value.allSatisfy({ (0x30...0x39).contains($0) }):
                event.retry = String(decoding: value, as: UTF8.self)
            default: break
            }
        }
        return reading
    }

    /// `bytes` cut behind each of `cuts`.
    static func cut(_ bytes: [UInt8], _ cuts: [Int]) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var start = 0
        for cut in cuts.sorted() + [bytes.count] {
            pieces.append(Array(bytes[start..<max(start, cut)]))
            start = max(start, cut)
        }
        return pieces
    }

    static let samples = [
        "event: message\ndata: {\"jsonrpc\":\"2.0\"}\n\n",
        "data: a\r\rdata: b\n\ndata: c\r\n\r\n",
        "data: a\r\n\rdata: b\r\n\n",
        "\u{FEFF}data: a\ndata: b\ndata\ndata:\n\n",
        "id: 7\ndata:\n\n: comment\n\nretry: 1500\nid: 8\n\ndata: x\n\n",
        "event: endpoint\ndata: /messages\n\nevent:\ndata: y\n\nevent: a\nevent: message\ndata: z\n\n",
        "\n\n\r\r\n\r\ndata:  two spaces\n\n",
        "data: incomplete\n\ndata: cut",
        "dat: a\ndataa: b\n data: c\ndata : d\ndata: e\n\n",
        "id: a\u{0}b\nid: c\nretry: 1x\nretry:\nretry\ndata: é世\n\n",
    ]

    // MARK: Events

    @Test func `reads a message on one data line`() throws {
        let reading = try Self.read([Array("event: message\nid: 3\ndata: {}\n\n".utf8)])
        #expect(reading.events == [Event(name: "message", data: "{}", id: "3")])
        #expect(reading.messages == ["{}"])
    }

    @Test func `takes the priming event for no message`() throws {
        let reading = try Self.read([Array("id: 1\ndata: \n\nid: 2\ndata:\n\nid: 3\ndata\n\n".utf8)])
        #expect(reading.messages == [])
        #expect(reading.ids == ["1", "2", "3"])
        #expect(reading.events.map(\.data) == ["", "", ""])
    }

    @Test func `skips events with other names`() throws {
        let reading = try Self.read([Array("event: prime\ndata: {}\n\nevent: close\ndata: {}\n\ndata: {}\n\n".utf8)])
        #expect(reading.events.count == 3)
        #expect(reading.messages == ["{}"])
    }

    @Test func `joins several data lines with a line feed`() throws {
        let reading = try Self.read([Array("data: {\ndata: }\n\n".utf8)])
        #expect(reading.messages == ["{\n}"])
    }

    @Test(arguments: samples) func `agrees with the standard's algorithm`(sample: String) throws {
        let bytes = Array(sample.utf8)
        let reading = try Self.read([bytes])
        let expected = Self.model(bytes)
        #expect(reading.events == expected.events)
        #expect(reading.messages == expected.messages)
        #expect(reading.ids == expected.ids)
    }

    // MARK: Splits

    @Test(arguments: samples) func `gives the same events for every split in three`(sample: String) throws {
        let bytes = Array(sample.utf8)
        var expected = try Self.read([bytes])
        expected.byteCount = 0
        for first in 0...bytes.count {
            for second in first...bytes.count {
                var reading = try Self.read(Self.cut(bytes, [first, second]))
                reading.byteCount = 0
                #expect(reading == expected, "cut at \(first) and \(second)")
            }
        }
    }

    @Test(arguments: samples) func `gives the same events byte by byte`(sample: String) throws {
        let bytes = Array(sample.utf8)
        let expected = try Self.read([bytes])
        #expect(try Self.read(bytes.map { [$0] }) == expected)
    }

    @Test(arguments: samples) func `gives only whole events of a stream that is cut off`(sample: String) throws {
        let bytes = Array(sample.utf8)
        for end in 0...bytes.count {
            let reading = try Self.read([Array(bytes[..<end])])
            #expect(reading.events == Self.model(Array(bytes[..<end])).events)
            #expect(reading.byteCount <= end)
        }
    }

    @Test func `gives an event out at its second carriage return`() throws {
        let reading = try Self.read([Array("data: a\r\r".utf8)])
        #expect(reading.messages == ["a"])
        #expect(reading.byteCount == 9)
        let later = try Self.read([Array("data: a\r\n\r".utf8), Array("\ndata: b\n\n".utf8)])
        #expect(later.messages == ["a", "b"])
    }

    @Test func `passes on every byte as part of a block`() throws {
        for sample in Self.samples where sample.hasSuffix("\n\n") {
            let bytes = Array(sample.utf8)
            #expect(try Self.read([bytes]).byteCount == bytes.count)
            #expect(try Self.read(bytes.map { [$0] }).byteCount == bytes.count)
        }
    }

    @Test func `reads a buffer that does not begin at its first byte`() throws {
        var buffer = ByteBuffer(string: "xxxdata: a\n\n")
        buffer.moveReaderIndex(forwardBy: 3)
        var parser = SSEParser()
        let block = try #require(try parser.next(in: buffer))
        #expect(block.byteCount == 9)
        #expect(block.data == ByteRange(start: 6, length: 1))
    }

    @Test func `agrees with the standard's algorithm on random streams`() throws {
        let words: [[UInt8]] = [
            "data", "data:", "data: ", "event", "event: ", "id", "id:", "retry: ", "message", ":", " ", "1", "23", "x",
            "\r", "\r", "\n", "\n", "\r\n", "\n\n", "\r\r", "\u{0}", "é", "\u{FEFF}",
        ].map { Array($0.utf8) }
        var random = SplitMix(state: 20_260_728)
        for round in 0..<4_000 {
            var bytes: [UInt8] = []
            for _ in 0..<random.below(40) { bytes += words[random.below(words.count)] }
            let cuts = (0..<random.below(6)).map { _ in random.below(bytes.count + 1) }
            let reading = try Self.read(Self.cut(bytes, cuts))
            let expected = Self.model(bytes)
            guard reading.events == expected.events, reading.ids == expected.ids, reading.messages == expected.messages
            else {
                Issue.record("round \(round): \(bytes) cut at \(cuts)")
                return
            }
        }
    }

    @Test func `finds the line end behind every byte at every position`() {
        for byte in UInt8.min...UInt8.max {
            for position in 0..<20 {
                for end in position..<20 {
                    var bytes = [UInt8](repeating: UInt8(ascii: "x"), count: 20)
                    bytes[end] = end % 2 == 0 ? 0x0A : 0x0D
                    bytes[position] = byte
                    let expected = bytes.firstIndex { $0 == 0x0A || $0 == 0x0D } ?? 20
                    let found = bytes.withUnsafeBytes { ByteView($0).firstLineEnd(from: 0) }
                    guard found == expected else {
                        Issue.record("\(bytes): \(found)")
                        return
                    }
                }
            }
        }
    }

    @Test func `survives random bytes`() throws {
        var random = SplitMix(state: 7)
        for _ in 0..<500 {
            let bytes = (0..<random.below(200)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let cut = random.below(bytes.count + 1)
            #expect(try Self.read(Self.cut(bytes, [cut])).events == Self.model(bytes).events)
        }
    }

    // MARK: Bounds

    @Test(arguments: ["\n\n", "\r\r", "\r\n\r\n"]) func `takes an event of the greatest length and none beyond`(
        ending: String
    ) throws {
        // The last byte of a final CR LF is not counted: it may come on its own.
        let maximum = 64 + (ending == "\r\n\r\n" ? 3 : 2)
        let fits = Array(("data: " + String(repeating: "x", count: 58) + ending).utf8)
        let exceeds = Array(("data: " + String(repeating: "x", count: 59) + ending).utf8)
        for pieces in [[fits], fits.map { [$0] }] {
            #expect(try Self.read(pieces, maximum: maximum).messages.count == 1)
        }
        for pieces in [[exceeds], exceeds.map { [$0] }] {
            #expect(throws: SSEError.eventTooLarge) { try Self.read(pieces, maximum: maximum) }
        }
    }

    @Test func `refuses an event that never ends`() {
        let endless = [[UInt8]](repeating: Array(": still here\n".utf8), count: 100)
        #expect(throws: SSEError.eventTooLarge) { try Self.read(endless, maximum: 1_000) }
        #expect(throws: SSEError.eventTooLarge) { try Self.read([endless.flatMap { $0 }], maximum: 1_000) }
    }

    @Test func `keeps refusing after the bound was passed`() {
        var parser = SSEParser(maximumEventByteCount: 8)
        let buffer = ByteBuffer(string: "data: 0123456789\n\n")
        #expect(throws: SSEError.eventTooLarge) { try parser.next(in: buffer) }
        #expect(throws: SSEError.eventTooLarge) { try parser.next(in: buffer) }
    }

    @Test func `looks at each byte once when a long event comes in small pieces`() throws {
        // Quadratic time would be 10^10 steps.
        let bytes = Array(("data: " + String(repeating: "x", count: 100_000) + "\n\n").utf8)
        var parser = SSEParser()
        var buffer = ByteBuffer()
        buffer.reserveCapacity(bytes.count)
        var blocks = 0
        for byte in bytes {
            buffer.writeInteger(byte)
            if try parser.next(in: buffer) != nil { blocks += 1 }
        }
        #expect(blocks == 1)
    }

    /// Chance from a seed (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators).
    struct SplitMix {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            return mixed ^ mixed >> 31
        }

        mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(bound, 1))) }
    }
}
