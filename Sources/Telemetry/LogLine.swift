import Logging

/// One log line being written.
struct LogLine {
    /// Bytes of UTF-8 that a key or value may have; what is longer is cut and ends in an ellipsis.
    static let maximumValueByteCount = 1_024
    /// Metadata that would begin beyond this size is left out, and the line says so.
    static let maximumByteCount = 32_768
    /// Levels of nested metadata that are written.
    static let maximumDepth = 4

    private let format: LogFormat
    private var bytes: [UInt8] = []
    private var isTruncated = false

    init(_ format: LogFormat) {
        self.format = format
        bytes.reserveCapacity(256)
    }

    /// Writes what every line has.
    mutating func begin(at time: WallTime, level: Logger.Level, logger: String, message: String) {
        var timestamp = TimestampCache()
        switch format {
        case .json:
            bytes.append(contentsOf: "{\"time\":\"".utf8)
            timestamp.appendRFC3339(time, to: &bytes)
            bytes.append(contentsOf: "\",\"level\":\"".utf8)
            bytes.append(contentsOf: level.rawValue.utf8)
            bytes.append(contentsOf: "\",\"message\":".utf8)
            appendQuoted(message)
            bytes.append(contentsOf: ",\"logger\":".utf8)
            appendQuoted(logger)
        case .text:
            timestamp.appendRFC3339(time, to: &bytes)
            bytes.append(UInt8(ascii: " "))
            bytes.append(contentsOf: level.rawValue.utf8)
            bytes.append(UInt8(ascii: " "))
            appendEscaped(logger)
            bytes.append(contentsOf: ": ".utf8)
            appendEscaped(message)
        }
    }

    /// Writes one pair of the metadata.
    mutating func add(_ key: String, _ value: Logger.MetadataValue) {
        guard bytes.count < LogLine.maximumByteCount else {
            isTruncated = true
            return
        }
        switch format {
        case .json:
            bytes.append(UInt8(ascii: ","))
            appendQuoted(LogLine.reserved.contains(key) ? key + "_" : key)
            bytes.append(UInt8(ascii: ":"))
            append(value, depth: 1)
        case .text:
            bytes.append(UInt8(ascii: " "))
            if LogLine.isPlain(key) { bytes.append(contentsOf: key.utf8) } else { appendQuoted(key) }
            bytes.append(UInt8(ascii: "="))
            if case .string(let text) = value, LogLine.isPlain(text) {
                bytes.append(contentsOf: text.utf8)
            } else if case .stringConvertible(let other) = value, case let text = other.description,
                LogLine.isPlain(text)
            {
                bytes.append(contentsOf: text.utf8)
            } else {
                append(value, depth: 1)
            }
        }
    }

    /// Ends the line and gives it out.
    consuming func end() -> [UInt8] {
        switch format {
        case .json: bytes.append(contentsOf: isTruncated ? ",\"truncated\":true}\n".utf8 : "}\n".utf8)
        case .text: bytes.append(contentsOf: isTruncated ? " truncated=true\n".utf8 : "\n".utf8)
        }
        return bytes
    }

    private static let reserved: Set<String> = ["time", "level", "message", "logger", "truncated"]

    private mutating func append(_ value: Logger.MetadataValue, depth: Int) {
        switch value {
        case .string(let text):
            appendQuoted(text)
        case .stringConvertible(let value):
            appendQuoted(value.description)
        case .array(let values):
            guard depth < LogLine.maximumDepth else { return appendQuoted("…") }
            bytes.append(UInt8(ascii: "["))
            for (index, element) in values.enumerated() {
                guard bytes.count < LogLine.maximumByteCount else {
                    isTruncated = true
                    break
                }
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                append(element, depth: depth + 1)
            }
            bytes.append(UInt8(ascii: "]"))
        case .dictionary(let values):
            guard depth < LogLine.maximumDepth else { return appendQuoted("…") }
            bytes.append(UInt8(ascii: "{"))
            for (index, element) in values.sorted(by: { $0.key < $1.key }).enumerated() {
                guard bytes.count < LogLine.maximumByteCount else {
                    isTruncated = true
                    break
                }
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                appendQuoted(element.key)
                bytes.append(UInt8(ascii: ":"))
                append(element.value, depth: depth + 1)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private mutating func appendQuoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        appendEscaped(text, escapesQuotes: true)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends at most 1 KiB of `text`, cut between two scalars; controls, those of Latin-1 too, as `\u00XX`.
    private mutating func appendEscaped(_ text: String, escapesQuotes: Bool = false) {
        var count = 0
        for scalar in text.unicodeScalars {
            let length = UTF8.width(scalar)
            guard count + length <= LogLine.maximumValueByteCount else {
                bytes.append(contentsOf: "…".utf8)
                return
            }
            count += length
            switch scalar.value {
            case 0x0A: bytes.append(contentsOf: "\\n".utf8)
            case 0x0D: bytes.append(contentsOf: "\\r".utf8)
            case 0x09: bytes.append(contentsOf: "\\t".utf8)
            case 0x00..<0x20, 0x7F..<0xA0, 0x2028, 0x2029:
                bytes.append(contentsOf: "\\u".utf8)
                for shift in [12, 8, 4, 0] as [UInt32] { bytes.append(LogLine.hexDigit(scalar.value >> shift & 0xF)) }
            case 0x22 where escapesQuotes: bytes.append(contentsOf: "\\\"".utf8)
            case 0x5C where escapesQuotes: bytes.append(contentsOf: "\\\\".utf8)
            default: bytes.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
            }
        }
    }

    private static func hexDigit(_ value: UInt32) -> UInt8 {
        UInt8(truncatingIfNeeded: value < 10 ? 0x30 &+ value : 0x57 &+ value)
    }

    /// Whether `text` needs no quotes in the text format.
    private static func isPlain(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 128
            && text.utf8.allSatisfy {
                $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=")
                    && $0 != UInt8(ascii: "\\")
            }
    }
}
