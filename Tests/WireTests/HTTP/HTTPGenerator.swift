/// Messages that might come, made from a seed: valid ones, and valid ones with something done to them.
struct HTTPGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.count))
    }

    private mutating func chance(_ percent: Int) -> Bool { number(1...100) <= percent }

    private mutating func pick<Element>(_ elements: [Element]) -> Element { elements[number(0...elements.count - 1)] }

    /// One to three requests behind one another.
    mutating func requests() -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<number(1...3) { bytes += Array(request().utf8) }
        return mutated(bytes)
    }

    /// One answer.
    mutating func response() -> [UInt8] {
        var text = "HTTP/1.\(chance(10) ? 0 : 1) \(pick([200, 200, 200, 202, 204, 304, 400, 404, 500, 503, 299]))"
        text += pick([" OK", " ", "", " Some Reason", " \u{e9}\tx"]) + "\r\n"
        text += messageEnd(fields: fields(), framing: pick([.length, .length, .chunked, .none]))
        return mutated(Array(text.utf8))
    }

    private mutating func request() -> String {
        let method = pick(["POST", "POST", "POST", "GET", "DELETE", "OPTIONS", "HEAD", "PUT", "PATCH"])
        let target = pick(["/", "/mcp", "/mcp?a=b&c", "/a/%41%2f;x", "/mcp?", "//x", "/~a!$&'()*+,=:@[]"])
        let version = chance(8) ? "1.0" : "1.1"
        var all = ["Host: \(pick(["a", "example.com", "localhost:8080", "127.0.0.1:1", "[::1]:80"]))"] + fields()
        if chance(5) { all.append("Connection: \(pick(["close", "keep-alive", "x, close", "Close"]))") }
        if chance(3) { all.append("Expect: 100-continue") }
        let framing: Framing = version == "1.0" ? pick([.length, .none]) : pick([.length, .chunked, .none])
        let isEmptyLine = chance(5)
        return (isEmptyLine ? "\r\n" : "") + "\(method) \(target) HTTP/\(version)\r\n"
            + messageEnd(fields: all, framing: framing)
    }

    private enum Framing {
        case none, length, chunked
    }

    private mutating func fields() -> [String] {
        let names = ["Accept", "Content-Type", "X-A", "Mcp-Name", "Authorization", "x_y", "Origin", "Cookie", "!#$"]
        let spaces = ["", " ", "  ", "\t"]
        let values = [
            "", "a", "a, b", "application/json", "\u{e9}\u{1F600}", "x\ty", "=?base64?YQ==?=", "\"q;r\"", "0",
        ]
        var all: [String] = []
        for _ in 0..<number(0...4) {
            let line = pick(names) + ":" + pick(spaces) + pick(values) + pick(spaces)
            all.append(line)
        }
        return all
    }

    private mutating func messageEnd(fields: [String], framing: Framing) -> String {
        var all = fields
        var body = ""
        let text = pick([
            "", "x", "{}", "{\"jsonrpc\":\"2.0\"}", "\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "0\r\n\r\n",
        ])
        switch framing {
        case .none: break
        case .length:
            all.insert("\(pick(["Content-Length", "content-length"])): \(text.utf8.count)", at: number(0...all.count))
            body = text
        case .chunked:
            all.insert("Transfer-Encoding: \(pick(["chunked", "Chunked"]))", at: number(0...all.count))
            let ends = ["", "", ";a", ";a=b", ";a=\"b\""]
            for piece in [text, pick(["", "y", "0123456789abcdef0"])] where !piece.isEmpty {
                body += String(piece.utf8.count, radix: 16, uppercase: chance(50)) + pick(ends) + "\r\n\(piece)\r\n"
            }
            body += "0\(pick(ends))\r\n" + pick(["", "", "Trailer: x\r\n", "Content-Length: 7\r\n"]) + "\r\n"
        }
        return all.map { $0 + "\r\n" }.joined() + "\r\n" + body
    }

    private static let lines = [
        "Content-Length: 5", "Content-Length: 0", "Content-Length: +3", "Content-Length: 1, 1", "Content-Length:",
        "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: identity",
        "Transfer-Encoding:", "Transfer-Encoding : chunked", "Transfer-Encoding: xchunked", "Host: b", "Host:",
        " folded",
        "\tfolded", "No-Colon", ": empty", "Na me: x", "Connection: close", "Upgrade: h2c", "Expect: x",
        "Connection: upgrade", "Connection: Transfer-Encoding", "X: a\u{0}b",
    ]
    private static let pieces = [
        "\r", "\n", "\r\n", " ", "\t", "\0", ":", ";", ",", "0", "1", "f", "%", "#", "\"", "\u{7f}", "\u{e9}", "/",
        "\u{b}",
        "HTTP/1.1", "\r\n\r\n", "0\r\n\r\n", "\r\n ",
    ]

    private mutating func mutated(_ original: [UInt8]) -> [UInt8] {
        guard chance(65) else { return original }
        var bytes = original
        for _ in 0..<number(1...3) where !bytes.isEmpty {
            let index = number(0...bytes.count - 1)
            switch number(0...7) {
            case 0: bytes[index] = UInt8(number(0...255))
            case 1: bytes[index] ^= 1 << UInt8(number(0...7))
            case 2: bytes.remove(at: index)
            case 3: bytes.insert(contentsOf: Array(pick(HTTPGenerator.pieces).utf8), at: index)
            case 4:
                // A whole line at a line's end.
                let ends = bytes.indices.filter { $0 > 0 && bytes[$0 - 1] == 0x0D && bytes[$0] == 0x0A }
                guard !ends.isEmpty else { continue }
                bytes.insert(contentsOf: Array((pick(HTTPGenerator.lines) + "\r\n").utf8), at: pick(ends) + 1)
            case 5: bytes.removeSubrange(index..<min(bytes.count, index + number(1...12)))
            case 6:
                let piece = bytes[index..<min(bytes.count, index + number(1...24))]
                bytes.insert(contentsOf: piece, at: number(0...bytes.count))
            default:
                let ends = bytes.indices.filter { bytes[$0] == 0x0D }
                guard !ends.isEmpty else { continue }
                bytes.remove(at: pick(ends))
            }
        }
        return bytes
    }
}
