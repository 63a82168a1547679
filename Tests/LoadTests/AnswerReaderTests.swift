import NIOCore
import Testing
import Wire

@testable import mcp_load

@Suite struct AnswerReaderTests {
    private static let id = 100_000_000_007
    private static let right =
        #"{"jsonrpc":"2.0","id":100000000007,"result":{"content":[{"type":"text","text":"fine"}]}}"#

    /// Reads an answer whose body comes in pieces of `size` bytes.
    private func read(
        status: Int = 200, type: String? = "application/json", _ body: String, pieces size: Int = .max, id: Int? = id,
        expecting text: String? = nil
    ) throws -> CallFailure? {
        var reader = AnswerReader(seed: 1)
        reader.expectedText = text.map { Array($0.utf8) }
        try begin(&reader, status: status, type: type)
        var bytes = ByteBuffer(string: body)
        while let piece = bytes.readSlice(length: min(size, bytes.readableBytes)), piece.readableBytes > 0 {
            reader.append(piece, id: AnswerReaderTests.id)
        }
        return reader.end(id: id)
    }

    private func begin(_ reader: inout AnswerReader, status: Int, type: String?) throws {
        let field = type.map { "Content-Type: \($0)\r\n" } ?? ""
        let head = ByteBuffer(string: "HTTP/1.1 \(status) X\r\n\(field)Mcp-Session-Id: s1\r\nContent-Length: 0\r\n\r\n")
        var parser = HTTPHeadParser(.response)
        let isComplete = try head.withByteView { try parser.parse($0) }
        try #require(isComplete)
        reader.begin(head.withByteView { HTTPReceivedHead(response: parser.response, bytes: $0) })
    }

    @Test(arguments: ["application/json", "Application/JSON; charset=utf-8"])
    func `takes a result with the id of its call`(type: String) throws {
        #expect(try read(type: type, AnswerReaderTests.right) == nil)
        #expect(try read(type: type, AnswerReaderTests.right, pieces: 1, expecting: "fine") == nil)
    }

    @Test(
        arguments: [
            (200, "application/json", AnswerReaderTests.right.replacing("07,", with: "08,"), CallFailure.wrongID),
            (
                200, "application/json", AnswerReaderTests.right.replacing("100000000007", with: "\"100000000007\""),
                .wrongID
            ),
            (
                200, "application/json", AnswerReaderTests.right.replacing("100000000007", with: "00000007"),
                .malformedAnswer
            ),
            (200, "application/json", AnswerReaderTests.right.replacing("100000000007", with: "7"), .wrongID),
            (200, "application/json", AnswerReaderTests.right + "x", .malformedAnswer),
            (200, "application/json", "", .malformedAnswer),
            (200, "application/json", "[\(AnswerReaderTests.right)]", .malformedAnswer),
            (200, "application/json", #"{"jsonrpc":"2.0","method":"m"}"#, .malformedAnswer),
            (200, "text/html", AnswerReaderTests.right, .contentType),
            (200, nil, AnswerReaderTests.right, .contentType),
            (202, "application/json", AnswerReaderTests.right, .status(202, code: nil)),
            (502, "text/html", "<html>", .status(502, code: nil)),
            (
                503, "application/json", #"{"jsonrpc":"2.0","id":1,"error":{"code":-31503,"message":"x"}}"#,
                .status(503, code: -31_503)
            ),
            (
                200, "application/json", #"{"jsonrpc":"2.0","id":100000000007,"error":{"code":-32602,"message":"x"}}"#,
                .rpcError(-32_602)
            ),
            (
                200, "application/json", #"{"jsonrpc":"2.0","id":100000000007,"result":{"content":[],"isError":true}}"#,
                .toolError
            ),
        ] as [(Int, String?, String, CallFailure)])
    func `tells what is wrong with an answer`(status: Int, type: String?, body: String, failure: CallFailure) throws {
        #expect(try read(status: status, type: type, body) == failure)
    }

    @Test func `misses the expected text`() throws {
        #expect(try read(AnswerReaderTests.right, expecting: "finer") == .unexpectedContent)
        #expect(try read(AnswerReaderTests.right, expecting: "\"fine\"") == nil)
    }

    @Test func `a notification is answered by 202 alone`() throws {
        #expect(try read(status: 202, type: nil, "", id: nil) == nil)
        #expect(try read(status: 200, type: nil, "", id: nil) == .status(200, code: nil))
    }

    private static let progress = #"data: {"jsonrpc":"2.0","method":"notifications/progress","params":{}}"# + "\n\n"

    @Test func `finds the answer in an event stream, however it is cut`() throws {
        let half = AnswerReaderTests.right.replacing(",\"result\"", with: ",\ndata: \"result\"")
        let stream =
            ": hello\n\n" + AnswerReaderTests.progress + "event: message\r\ndata: \(AnswerReaderTests.right)\r\n\r\n"
        let folded = AnswerReaderTests.progress + "data: \(half)\n\n" + AnswerReaderTests.progress
        for size in 1...stream.utf8.count {
            #expect(try read(type: "text/event-stream", stream, pieces: size, expecting: "fine") == nil)
            #expect(try read(type: "text/event-stream", folded, pieces: size, expecting: "fine") == nil)
        }
    }

    @Test(arguments: [
        ("", CallFailure.noAnswer), (AnswerReaderTests.progress, .noAnswer),
        ("data: \(AnswerReaderTests.right)\n", .noAnswer),
        ("data: \(AnswerReaderTests.right)\n\ndata: \(AnswerReaderTests.right)\n\n", .repeatedAnswer),
        ("data: {\n\n", .malformedAnswer),
        ("data: \(AnswerReaderTests.right.replacing("07,", with: "70,"))\n\n", .wrongID),
        ("event: other\ndata: \(AnswerReaderTests.right)\n\n", .noAnswer),
        ("data: " + String(repeating: "x", count: 1 << 20) + "\n\n", .malformedAnswer),
    ])
    func `tells what is wrong with an event stream`(stream: String, failure: CallFailure) throws {
        #expect(try read(type: "text/event-stream", stream) == failure)
    }

    @Test func `keeps what a handshake needs and nothing of the answer before`() throws {
        var reader = AnswerReader(seed: 1)
        try begin(&reader, status: 200, type: "application/json")
        reader.append(
            ByteBuffer(string: #"{"jsonrpc":"2.0","id":100000000007,"result":{"protocolVersion":"2025-06-18"}}"#),
            id: AnswerReaderTests.id)
        #expect(reader.end(id: AnswerReaderTests.id) == nil)
        #expect(reader.resultRevision == "2025-06-18")
        #expect(reader.sessionID == "s1")
        try begin(&reader, status: 200, type: "application/json")
        #expect(reader.resultRevision == nil)
        reader.append(ByteBuffer(string: AnswerReaderTests.right), id: AnswerReaderTests.id)
        #expect(reader.bodyByteCount == AnswerReaderTests.right.utf8.count)
        #expect(reader.end(id: AnswerReaderTests.id) == nil)
        #expect(reader.isEventStream == false)
    }
}
