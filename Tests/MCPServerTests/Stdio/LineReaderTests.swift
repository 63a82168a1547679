import NIOCore
import Testing

@testable import MCPServer

@Suite struct LineReaderTests {
    /// The lines of `text`, which comes in pieces of `size` bytes; `nil` for one that was too long.
    private func lines(_ text: String, pieces size: Int, limit: Int = 10) -> [String?] {
        var reader = LineReader(limit: limit)
        var lines: [String?] = []
        var rest = ByteBuffer(string: text)
        while rest.readableBytes > 0 {
            guard let piece = rest.readSlice(length: min(size, rest.readableBytes)) else { break }
            reader.append(piece)
            while let line = reader.next() {
                switch line {
                case .line(let bytes): lines.append(String(buffer: bytes))
                case .tooLong: lines.append(nil)
                }
            }
        }
        return lines
    }

    @Test(arguments: 1...40)
    func `cuts the same lines out of any pieces`(_ size: Int) {
        let text =
            "one\n\n\r\ntwo\r\n1234567890\n12345678901\nthree\n" + String(repeating: "x", count: 50) + "\nfour\nrest"
        #expect(lines(text, pieces: size) == ["one", "two", "1234567890", nil, "three", nil, "four"])
    }

    @Test func `keeps no more of an endless line than it may have`() {
        var reader = LineReader(limit: 1_000)
        var complaints = 0
        for _ in 0..<10_000 {
            reader.append(ByteBuffer(repeating: 0x78, count: 1_000))
            while reader.next() != nil { complaints += 1 }
        }
        #expect(complaints == 1)
        reader.append(ByteBuffer(string: "\nnext\n"))
        guard case .line(let line) = reader.next() else {
            Issue.record("nothing behind the long line")
            return
        }
        #expect(String(buffer: line) == "next")
    }
}
