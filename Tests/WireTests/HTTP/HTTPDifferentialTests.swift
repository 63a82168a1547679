import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing
import Wire

/// The codec beside NIOHTTP1 (llhttp) on the same bytes.
///
/// Where both accept a message they must find the same method, target, fields and body. Where they differ in whether they
/// accept it, it must be this codec that refuses, for one of the reasons of `IntendedDifference`; or it must be one of the
/// few things that llhttp refuses and a gateway need not.
@Suite struct HTTPDifferentialTests {
    private struct Message: Hashable {
        var start: String
        var fields: [String]
        var body: [UInt8]
    }

    private enum End: Hashable {
        /// The bytes are used up; perhaps a message is incomplete.
        case open
        case refused(HTTPError)
        /// What NIO says.
        case refusedByOracle(String)
        /// After a message that ends the connection nothing is read.
        case closed
    }

    private struct Reading {
        var messages: [Message] = []
        var end = End.open
    }

    /// Why this codec refuses what llhttp, in NIO's configuration, accepts.
    private enum IntendedDifference: Hashable, CaseIterable {
        /// Two spaces, a bare CR or LF, more than one empty line in front of the start line.
        case startLine
        /// Bytes in a target that RFC 3986 does not know; `*`, other schemes, other forms.
        case target
        /// NIO does not look at `Host`.
        case host
        /// A second or empty length, a list of codings, chunks in HTTP/1.0.
        case framing
        /// In answers, a coding that is not `chunked`: llhttp reads them until the connection closes.
        case transferCoding
        /// Sizes of more than 15 digits, controls in extensions.
        case chunk

        init?(_ error: HTTPError) {
            switch error {
            case .startLine: self = .startLine
            case .target: self = .target
            case .host: self = .host
            case .framing: self = .framing
            case .transferCoding: self = .transferCoding
            case .chunk: self = .chunk
            case .field, .trailer, .version, .targetTooLong, .headTooLarge, .expectation,
                .bodyTooLarge:
                return nil
            }
        }
    }

    /// What llhttp refuses and this codec reads, on purpose.
    ///
    /// - A method that llhttp does not know: any token is a method (RFC 9110 §9.1), and the server answers 405.
    /// - A framing field among the trailers: trailers are dropped here, so it frames nothing.
    private func isBeyondOracle(_ reason: String, _ bytes: [UInt8]) -> Bool {
        if reason == "invalid HTTP method" { return true }
        return ["invalid character in content-length header", "unknown (http_parser error)"].contains(reason)
            && String(decoding: bytes, as: UTF8.self).lowercased().contains("transfer-encoding: chunked")
    }

    // MARK: Requests

    private func readRequests(_ bytes: [UInt8]) -> Reading {
        var reading = Reading()
        var parser = HTTPHeadParser(.request)
        var start = 0
        do throws(HTTPError) {
            while start < bytes.count {
                let rest = ByteBuffer(bytes: bytes[start...])
                guard try rest.withByteView({ view throws(HTTPError) in try parser.parse(view) }) else {
                    return reading
                }
                let head = parser.request
                var message = rest.withByteView { view in
                    Message(
                        start: "\(view[head.methodText].string) \(target(head, view)) 1.\(head.minorVersion)",
                        fields: fields(head.fields, view), body: [])
                }
                let body = readBody(head.framing, Array(bytes[(start + head.byteCount)...]))
                message.body = body.body
                switch body.end {
                case .finished(let consumed): start += head.byteCount + consumed
                case .needsMore: return reading
                case .refused(let error): throw error
                }
                reading.messages.append(message)
                if !head.isKeepAlive || head.asksForUpgrade {
                    reading.end = .closed
                    return reading
                }
                parser.reset()
            }
        } catch {
            reading.end = .refused(error)
        }
        return reading
    }

    private func target(_ head: Wire.HTTPRequestHead, _ view: ByteView) -> String {
        // The whole target, from its first byte to the space behind it.
        let start = head.methodText.end + 1
        var end = start
        while view[end] != UInt8(ascii: " ") { end += 1 }
        return view.slice(from: start, to: end).string
    }

    private func fields(_ fields: HTTPFields, _ view: ByteView) -> [String] {
        fields.all.map { "\(view[$0.name].string): \(view[$0.value].string)" }
    }

    private func readRequestsWithOracle(_ bytes: [UInt8]) throws -> Reading {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(
            ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
        var reading = Reading()
        do {
            try channel.writeInbound(ByteBuffer(bytes: bytes))
        } catch {
            reading.end = .refusedByOracle("\(error)")
        }
        var message: Message?
        var closes = false
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            switch part {
            case .head(let head):
                message = Message(
                    start: "\(head.method.rawValue) \(head.uri) \(head.version.major).\(head.version.minor)",
                    fields: head.headers.map(oracleField), body: [])
                closes =
                    !head.isKeepAlive || head.version.minor == 0 || head.headers.contains(name: "Upgrade")
                    || head.headers.contains(name: "HTTP2-Settings") || head.method == .CONNECT
            case .body(let body):
                message?.body += Array(body.readableBytesView)
            case .end:
                if let message { reading.messages.append(message) }
                message = nil
                if closes {
                    reading.end = .closed
                    _ = try? channel.finish()
                    return reading
                }
            }
        }
        _ = try? channel.finish()
        return reading
    }

    // MARK: Answers

    private func readResponse(_ bytes: [UInt8]) -> Reading {
        var reading = Reading()
        var parser = HTTPHeadParser(.response)
        do throws(HTTPError) {
            let buffer = ByteBuffer(bytes: bytes)
            guard try buffer.withByteView({ view throws(HTTPError) in try parser.parse(view) }) else { return reading }
            let head = parser.response
            let body = readBody(head.framing, Array(bytes[head.byteCount...]))
            var message = buffer.withByteView { view in
                Message(start: "\(head.status)", fields: fields(head.fields, view), body: [])
            }
            message.body = body.body
            switch body.end {
            case .finished: reading.messages = [message]
            case .needsMore: if head.framing == .untilClose { reading.messages = [message] }
            case .refused(let error): throw error
            }
            reading.end = .closed
        } catch {
            reading.end = .refused(error)
        }
        return reading
    }

    private func readResponseWithOracle(_ bytes: [UInt8]) throws -> Reading {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHTTPClientHandlers(leftOverBytesStrategy: .dropBytes)
        var reading = Reading()
        let head = NIOHTTP1.HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: ["Host": "a"])
        try channel.writeOutbound(HTTPClientRequestPart.head(head))
        try channel.writeOutbound(HTTPClientRequestPart.end(nil))
        do {
            try channel.writeInbound(ByteBuffer(bytes: bytes))
            _ = try channel.finish(acceptAlreadyClosed: true)
        } catch {
            reading.end = .refusedByOracle("\(error)")
        }
        var message: Message?
        while let part = try channel.readInbound(as: HTTPClientResponsePart.self) {
            switch part {
            case .head(let head):
                message = Message(
                    start: "\(head.status.code)", fields: head.headers.map(oracleField), body: [])
            case .body(let body):
                message?.body += Array(body.readableBytesView)
            case .end:
                if let message, reading.messages.isEmpty { reading.messages = [message] }
                message = nil
                reading.end = .closed
            }
        }
        return reading
    }

    /// NIO leaves the white space behind a value in place; RFC 9110 §5.5 does not count it as a part.
    private func oracleField(_ name: String, _ value: String) -> String {
        var bytes = Array(value.utf8)
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
        return "\(name): \(String(decoding: bytes, as: UTF8.self))"
    }

    // MARK: Comparing

    /// Compares what both have read; the reason why this codec refuses more, if it does.
    private func compare(_ ours: Reading, _ oracle: Reading, _ seed: UInt64, _ bytes: [UInt8]) -> IntendedDifference? {
        let what = { "seed \(seed): \(String(decoding: bytes, as: UTF8.self).debugDescription)" }
        let common = min(ours.messages.count, oracle.messages.count)
        for index in 0..<common where ours.messages[index] != oracle.messages[index] {
            Issue.record("both accept, but differ: \(ours.messages[index]) is not \(oracle.messages[index]); \(what())")
            return nil
        }
        if case .refused(let error) = ours.end {
            if case .refusedByOracle(let reason) = oracle.end, isBeyondOracle(reason, bytes) { return nil }
            // The oracle may still wait for more, refuse later or at once: all of that is laxer or the same.
            if case .refusedByOracle = oracle.end, oracle.messages.count <= ours.messages.count { return nil }
            if oracle.messages.count < ours.messages.count {
                Issue.record("the oracle waits for a message that this codec has read; \(what())")
            }
            guard let difference = IntendedDifference(error) else {
                Issue.record("refused for \(error), which is no intended difference; \(what())")
                return nil
            }
            return difference
        }
        if ours.messages.count > oracle.messages.count {
            if case .refusedByOracle(let reason) = oracle.end, isBeyondOracle(reason, bytes) { return nil }
            Issue.record("accepts what the oracle does not (\(oracle.end)); \(what())")
        } else if ours.messages.count < oracle.messages.count {
            Issue.record("waits for more than the oracle; \(what())")
        }
        // What is incomplete here may already be bad for the oracle: no message was accepted, so nothing differs.
        return nil
    }

    @Test func `reads generated requests as NIOHTTP1 does or refuses them`() throws {
        var seen: [IntendedDifference: Int] = [:]
        var agreed = 0
        for seed in 1...UInt64(1_000) {
            var generator = HTTPGenerator(seed: seed)
            let bytes = generator.requests()
            let ours = readRequests(bytes)
            let oracle = try readRequestsWithOracle(bytes)
            agreed += ours.messages.count
            if let difference = compare(ours, oracle, seed, bytes) { seen[difference, default: 0] += 1 }
        }
        // The generator reaches what it is meant to reach, and much of what it makes is accepted by both.
        #expect(Set(seen.keys).isSuperset(of: [.startLine, .host, .framing]))
        #expect(agreed > 800)
    }

    @Test func `reads generated answers as NIOHTTP1 does or refuses them`() throws {
        var seen: [IntendedDifference: Int] = [:]
        var agreed = 0
        for seed in 1...UInt64(1_000) {
            var generator = HTTPGenerator(seed: seed)
            let bytes = generator.response()
            let ours = readResponse(bytes)
            let oracle = try readResponseWithOracle(bytes)
            agreed += ours.messages.count
            if let difference = compare(ours, oracle, seed, bytes) { seen[difference, default: 0] += 1 }
        }
        #expect(Set(seen.keys).isSubset(of: [.startLine, .framing, .transferCoding, .chunk]))
        #expect(agreed > 400)
    }
}
