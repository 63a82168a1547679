import NIOCore
import Testing
import Wire

struct RESPCommandTests {
    @Test func `writes an array of bulk strings`() {
        var command = RESPCommand("SET")
        #expect(String(buffer: command.bytes) == "*1\r\n$3\r\nSET\r\n")
        command.append("kéy" as String)
        command.append([0x0D, 0x0A, 0x00])
        command.append(ByteBuffer(string: "b"))
        command.append(-12)
        command.append("PX")
        #expect(
            String(buffer: command.bytes)
                == "*6\r\n$3\r\nSET\r\n$4\r\nkéy\r\n$3\r\n\r\n\u{0}\r\n$1\r\nb\r\n$3\r\n-12\r\n$2\r\nPX\r\n")
        #expect(command.wordCount == 6)
    }

    @Test(arguments: [Int.min, -10, -1, 0, 1, 9, 10, 1_000_000_007, .max])
    func `writes numbers in decimal`(number: Int) {
        var command = RESPCommand("X")
        command.append(number)
        command.append(Int64(number))
        #expect(command.words.map { String(buffer: $0) } == ["X", "\(number)", "\(number)"])
    }

    @Test(arguments: [1, 9, 10, 99, 100, 1_000, 12_345])
    func `counts words of any number`(count: Int) throws {
        var command = RESPCommand("DEL")
        for number in 1..<count { command.append(number) }
        var bytes = command.bytes
        var parser = RESPParser()
        let elements = try parser.next(in: &bytes)?.elements
        #expect(bytes.readableBytes == 0)
        #expect(elements?.count == count)
        #expect(elements?.last?.string.map { String(buffer: $0) } == (count == 1 ? "DEL" : "\(count - 1)"))
        #expect(command.words.count == count)
    }

    @Test func `puts other words before those of a command`() {
        var command = RESPCommand("EVALSHA")
        command.append("digest")
        command.append(1)
        command.append("$7")
        let other = RESPCommand(
            "EVAL", ByteView(UnsafeRawBufferPointer(start: nil, count: 0)), wordsOf: command, from: 2)
        #expect(other.words.map { String(buffer: $0) } == ["EVAL", "", "1", "$7"])
    }

    @Test func `does not change a copy`() {
        var command = RESPCommand("GET")
        let before = command.bytes
        command.append("key")
        #expect(String(buffer: before) == "*1\r\n$3\r\nGET\r\n")
    }
}
