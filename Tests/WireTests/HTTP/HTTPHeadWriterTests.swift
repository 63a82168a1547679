import NIOCore
import Testing
import Wire

@Suite struct HTTPHeadWriterTests {
    @Test func `writes a request head`() {
        let path = Array("/mcp".utf8)
        var writer = HTTPHeadWriter(ByteBuffer(), reserving: 128)
        path.withUnsafeBytes { writer.requestLine("POST", path: ByteView($0)) }
        path.withUnsafeBytes { writer.field(ByteView($0), ByteView($0)) }
        path.withUnsafeBytes { writer.field("Name: ", ByteView($0)) }
        writer.field("Content-Length: ", 42)
        writer.lines("A: b\r\nC: d\r\n")
        #expect(
            String(buffer: writer.finish())
                == "POST /mcp HTTP/1.1\r\n/mcp: /mcp\r\nName: /mcp\r\nContent-Length: 42\r\nA: b\r\nC: d\r\n\r\n")
    }

    @Test func `appends to what the buffer holds`() {
        var writer = HTTPHeadWriter(ByteBuffer(string: "before"), reserving: 64)
        writer.statusLine(200)
        #expect(String(buffer: writer.finish()) == "beforeHTTP/1.1 200 OK\r\n\r\n")
    }

    @Test func `grows only once when enough was reserved`() {
        var writer = HTTPHeadWriter(ByteBuffer(), reserving: 1_000)
        let capacity = writer.buffer.capacity
        for _ in 0..<40 { writer.lines("Name: some value\r\n") }
        #expect(writer.finish().capacity == capacity)
    }

    @Test(arguments: 100...599)
    func `writes every status code as itself`(_ status: Int) {
        var writer = HTTPHeadWriter(ByteBuffer(), reserving: 64)
        writer.statusLine(status)
        let text = String(buffer: writer.finish())
        #expect(text.hasPrefix("HTTP/1.1 \(status) "))
        // What is written can be read.
        #expect(readHead(.response, Array(text.utf8)).summary?.start == "\(status)")
    }

    @Test(arguments: [0, 99, 600, -1, Int.max, Int.min])
    func `writes 502 for what is no status code`(_ status: Int) {
        var writer = HTTPHeadWriter(ByteBuffer(), reserving: 64)
        writer.statusLine(status)
        #expect(String(buffer: writer.finish()) == "HTTP/1.1 502 \r\n\r\n")
    }

    @Test(arguments: [0, 1, 9, 10, 99, 100, 12_345_678_901, Int.max, -1, -10, Int.min])
    func `writes numbers in decimal`(_ number: Int) {
        var buffer = ByteBuffer(string: "n")
        buffer.writeDecimal(number)
        #expect(String(buffer: buffer) == "n\(number)")
    }

    @Test(arguments: [0, 7, 59, 12_345, -1, Int.max, Int.min])
    func `writes a line that ends in two numbers`(_ number: Int) {
        var buffer = ByteBuffer(string: "before\r\n")
        Array("RateLimit: \"a\";r=".utf8).withUnsafeBytes { buffer.writeLine(ByteView($0), number, ";t=", 60) }
        #expect(String(buffer: buffer) == "before\r\nRateLimit: \"a\";r=\(number);t=60\r\n")
    }
}
