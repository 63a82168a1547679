import Foundation
import Logging
import Telemetry
import Testing

@Suite struct `JSON log handler` {
    /// A logger whose lines can be read back.
    private struct Recording {
        let directory: TemporaryDirectory
        let sink: LogSink
        var logger: Logger

        init(_ format: LogFormat = .json, provider: Logger.MetadataProvider? = nil) throws {
            let directory = try TemporaryDirectory()
            let sink = try LogSink(.file(path: directory.path("log")))
            self.directory = directory
            self.sink = sink
            logger = Logger(label: "gateway") {
                JSONLogHandler(
                    label: $0, sink: sink, level: .debug, format: format, metadataProvider: provider,
                    clock: { WallTime(seconds: 1_785_229_503, nanoseconds: 42_000_000) })
            }
        }

        func lines() throws -> [String] {
            sink.close(within: .seconds(10))
            let text = try directory.read("log")
            #expect(text.isEmpty || text.hasSuffix("\n"))
            return text.split(separator: "\n").map(String.init)
        }

        func objects() throws -> [[String: Any]] {
            try lines().map { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:] }
        }
    }

    /// Strings that somebody could choose to break a line, a parser or a terminal.
    static let hostile = [
        "", "\"", "\\", "\\\"", "\n", "\r\n{\"level\":\"error\"}", "\u{0}\u{1}\u{1F}", "\u{7F}\u{80}\u{9B}31m",
        "\u{1B}[2J", "\u{2028}\u{2029}", "é\u{1F468}\u{200D}\u{1F469}", "\u{FFFD}\u{FFFF}\u{10FFFF}", "</script>",
        "\t x",
        String(decoding: [0xC3, 0x28, 0xFF, 0xED, 0xA0, 0x80] as [UInt8], as: UTF8.self), "}", ",\"a\":1",
        "\u{202E}abc",
    ]

    @Test func `writes one object a line with its four keys first`() throws {
        let recording = try Recording()
        recording.logger.warning(
            "backend is down", metadata: ["pool": "tools", "backend": "http://127.0.0.1:9001/mcp"])
        recording.logger.info("plain")
        #expect(
            try recording.lines() == [
                #"{"time":"2026-07-28T09:05:03.042Z","level":"warning","message":"backend is down","logger":"gateway","#
                    + #""backend":"http://127.0.0.1:9001/mcp","pool":"tools"}"#,
                #"{"time":"2026-07-28T09:05:03.042Z","level":"info","message":"plain","logger":"gateway"}"#,
            ])
    }

    @Test func `writes hostile strings so that they come back unchanged`() throws {
        let recording = try Recording()
        for text in Self.hostile {
            recording.logger.info("\(text)", metadata: ["value": "\(text)", "list": ["\(text)"], "key \(text)": "x"])
        }
        let lines = try recording.lines()
        #expect(lines.count == Self.hostile.count)
        for (line, text) in zip(lines, Self.hostile) {
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect(object["message"] as? String == text)
            #expect(object["value"] as? String == text)
            #expect(object["list"] as? [String] == [text])
            #expect(object["key \(text)"] as? String == "x")
            let hasControl = line.unicodeScalars.contains {
                $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) || $0.value == 0x2028 || $0.value == 0x2029
            }
            #expect(!hasControl)
        }
    }

    @Test func `writes random strings so that they come back unchanged`() throws {
        var generator = SystemRandomNumberGenerator()
        let texts = (0..<200).map { _ in
            String(decoding: (0..<40).map { _ in UInt8.random(in: 0...255, using: &generator) }, as: UTF8.self)
        }
        let recording = try Recording()
        for text in texts { recording.logger.info("m", metadata: ["value": "\(text)"]) }
        #expect(try recording.objects().map { $0["value"] as? String } == texts)
    }

    @Test func `cuts values at one kibibyte between two characters`() throws {
        let recording = try Recording()
        recording.logger.info(
            "m",
            metadata: [
                "ascii": "\(String(repeating: "a", count: 5_000))",
                "wide": "\(String(repeating: "\u{1F600}", count: 5_000))",
                "odd": "a\(String(repeating: "é", count: 5_000))", "fits": "\(String(repeating: "b", count: 1_024))",
            ])
        let object = try #require(try recording.objects().first)
        #expect(object["ascii"] as? String == String(repeating: "a", count: 1_024) + "…")
        #expect(object["wide"] as? String == String(repeating: "\u{1F600}", count: 256) + "…")
        #expect(object["odd"] as? String == "a" + String(repeating: "é", count: 511) + "…")
        #expect(object["fits"] as? String == String(repeating: "b", count: 1_024))
    }

    @Test func `bounds the whole line and still writes JSON`() throws {
        let recording = try Recording()
        let long = String(repeating: "\u{1}", count: 2_000)
        var metadata: Logger.Metadata = ["list": .array((0..<10_000).map { "\($0) \(long)" })]
        for index in 0..<10_000 { metadata["key\(index)"] = "\(long)" }
        metadata["dictionary"] = .dictionary(metadata)
        recording.logger.info("m", metadata: metadata)
        let line = try #require(try recording.lines().first)
        #expect(line.utf8.count < 64_000)
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        #expect(object?["truncated"] as? Bool == true)
        #expect(object?["message"] as? String == "m")
    }

    @Test func `bounds the depth of metadata`() throws {
        var value: Logger.MetadataValue = "end"
        for index in 0..<10_000 { value = index % 2 == 0 ? [value] : ["k": value] }
        let recording = try Recording()
        recording.logger.info("m", metadata: ["deep": value])
        #expect(try recording.lines().first?.hasSuffix(#""deep":{"k":[{"k":"…"}]}}"#) == true)
    }

    @Test func `keeps metadata from hiding what every line has`() throws {
        let recording = try Recording()
        recording.logger.info("real", metadata: ["time": "t", "level": "l", "message": "m", "logger": "n"])
        let object = try #require(try recording.objects().first)
        #expect(object["message"] as? String == "real")
        #expect(object["level"] as? String == "info")
        #expect(object["logger"] as? String == "gateway")
        #expect(object["message_"] as? String == "m")
        #expect(object["time_"] as? String == "t")
    }

    @Test func `merges metadata of provider, logger and event, the nearest last`() throws {
        var recording = try Recording(
            provider: Logger.MetadataProvider { ["a": "provider", "b": "provider", "c": "provider"] })
        recording.logger[metadataKey: "a"] = "logger"
        recording.logger[metadataKey: "d"] = "logger"
        recording.logger.info("m", metadata: ["b": "event"])
        let object = try #require(try recording.objects().first)
        #expect(object["a"] as? String == "provider")
        #expect(object["b"] as? String == "event")
        #expect(object["c"] as? String == "provider")
        #expect(object["d"] as? String == "logger")
        #expect(recording.logger[metadataKey: "d"] == "logger")
    }

    @Test func `writes nothing below its level`() throws {
        let recording = try Recording()
        recording.logger.trace("no")
        recording.logger.debug("yes")
        #expect(try recording.objects().map { $0["level"] as? String } == ["debug"])
    }

    @Test func `writes text for people`() throws {
        let recording = try Recording(.text)
        recording.logger.error(
            "it\nfailed", metadata: ["pool": "tools", "why": "a b=\"c\"\u{1B}", "n": "\(5)", "list": ["x", "y"]])
        #expect(
            try recording.lines() == [
                #"2026-07-28T09:05:03.042Z error gateway: it\nfailed list=["x","y"] n=5 pool=tools why="a b=\"c\"\u001b""#
            ])
    }

    @Test func `writes one line of text whatever the strings are`() throws {
        let recording = try Recording(.text)
        for text in Self.hostile { recording.logger.info("\(text)", metadata: ["\(text)": "\(text)"]) }
        let lines = try recording.lines()
        #expect(lines.count == Self.hostile.count)
        #expect(lines.allSatisfy { $0.hasPrefix("2026-07-28T09:05:03.042Z info gateway: ") })
    }
}
