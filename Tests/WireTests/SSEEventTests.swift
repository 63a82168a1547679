import NIOCore
import Testing

@testable import Wire

struct SSEEventTests {
    private func written(_ event: SSEEvent) -> String {
        var buffer = ByteBuffer()
        event.write(into: &buffer)
        return String(buffer: buffer)
    }

    @Test func `writes a message on one data line`() {
        #expect(written(SSEEvent(data: ByteBuffer(string: "{}"))) == "data: {}\n\n")
        #expect(
            written(SSEEvent(data: ByteBuffer(string: "{}"), name: "message", id: "a-1", retry: .milliseconds(1_500)))
                == "event: message\nid: a-1\nretry: 1500\ndata: {}\n\n")
    }

    @Test func `writes the priming event and an event without data`() {
        #expect(written(SSEEvent(data: ByteBuffer(), id: "1")) == "id: 1\ndata: \n\n")
        #expect(written(SSEEvent(data: nil, retry: .seconds(2))) == "retry: 2000\n\n")
        #expect(written(SSEEvent(data: nil, retry: .seconds(-2))) == "retry: 0\n\n")
    }

    @Test func `cuts data at its line ends`() {
        #expect(written(SSEEvent(data: ByteBuffer(string: "a\nb\r\nc\rd"))) == "data: a\ndata: b\ndata: c\ndata: d\n\n")
    }

    @Test func `leaves out a name or id that would break the line`() {
        let event = SSEEvent(data: ByteBuffer(string: "x"), name: "a\nid: 9", id: "1\r2")
        #expect(written(event) == "data: x\n\n")
        #expect(written(SSEEvent(data: ByteBuffer(string: "x"), id: "1\u{0}")) == "data: x\n\n")
    }

    @Test(arguments: ["{}", "", " leading", "two\nlines", "\n", "ends\n", "{\"text\":\"é世\"}"])
    func `is read back as it was`(data: String) throws {
        var buffer = ByteBuffer()
        SSEEvent(data: ByteBuffer(string: data), name: "message", id: "é 7", retry: .seconds(1)).write(into: &buffer)
        let reading = try SSEParserTests.read([Array(buffer.readableBytesView)])
        #expect(reading.events == [SSEParserTests.Event(name: "message", data: data, id: "é 7", retry: "1000")])
    }

    @Test func `keeps a stream alive with a comment`() throws {
        let reading = try SSEParserTests.read([Array("\(SSEEvent.keepAlive)data: x\n\n".utf8)])
        #expect(reading.messages == ["x"])
    }
}
