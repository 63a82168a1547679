import NIOCore
import Resilience
import Testing
import Wire

@testable import Gateway

@Suite struct `Cache record` {
    private let coder = CacheRecordCoder(secret: [UInt8](1...32))
    private let key = [UInt8](0..<32).withUnsafeBytes { CacheKey(words: $0) }

    private func record(
        _ text: String = #"{"jsonrpc":"2.0","id":1,"result":{"ttlMs":60000}}"#, validator: String = ""
    ) throws -> CacheRecord {
        CacheRecord(
            answer: try #require(try ScannedMessage(text).cached), received: 1_790_000_000_123,
            freshness: .milliseconds(57_001), fetchTime: .milliseconds(83), validator: Array(validator.utf8))
    }

    private func encode(_ record: CacheRecord) throws -> [UInt8] {
        var compressor = LZ4Compressor()
        return try #require(coder.encode(record, for: key, with: &compressor))
    }

    private func decode(
        _ bytes: [UInt8], _ key: CacheKey? = nil, _ coder: CacheRecordCoder? = nil
    ) throws -> CacheRecord {
        let result = bytes.withUnsafeBytes { raw -> Result<CacheRecord, CacheRecordRejection> in
            Result { () throws(CacheRecordRejection) in
                try (coder ?? self.coder).decode(ByteView(raw), for: key ?? self.key)
            }
        }
        return try result.get()
    }

    @Test(arguments: ["", #"W/"abc""#, String(repeating: "v", count: 65_535)])
    func `reads what it has written`(validator: String) throws {
        let first = try record(validator: validator)
        #expect(try decode(try encode(first)) == first)
        let second = try record(#"{"jsonrpc":"2.0","result":{},"id":"a"}"#, validator: validator)
        #expect(try decode(try encode(second)) == second)
    }

    @Test(arguments: [CachedAnswer.Scope.untold, .private, .public])
    func `reads what it has written for all revisions`(scope: CachedAnswer.Scope) throws {
        var record = try record()
        let answer = try ScannedMessage(#"{"jsonrpc":"2.0","id":1,"result":{"ttlMs":5,"tools":[]}}"#)
        record.answer = try #require(answer.cachedAcrossRevisions(scope))
        let read = try decode(try encode(record))
        #expect(read == record)
        guard case .apart(_, let readScope) = read.answer.hints else {
            Issue.record("\(read.answer.hints)")
            return
        }
        #expect(readScope == scope)
    }

    @Test func `does not write a validator that is too long`() throws {
        let record = try record(validator: String(repeating: "v", count: 65_536))
        var compressor = LZ4Compressor()
        #expect(coder.encode(record, for: key, with: &compressor) == nil)
    }

    @Test func `keeps times in whole milliseconds and never negative`() throws {
        var record = try record()
        record.freshness = .seconds(-5)
        record.fetchTime = .microseconds(1_999)
        record.received = .min
        let read = try decode(try encode(record))
        #expect(read.freshness == .zero && read.fetchTime == .milliseconds(1) && read.received == .min)
    }

    @Test func `refuses any change of any byte`() throws {
        let bytes = try encode(try record(validator: "v"))
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << UInt8(bit)
                let expected: CacheRecordRejection =
                    switch index {
                    case 0: .version
                    case 1..<9: .length
                    case 9..<41: .key
                    default: .seal
                    }
                #expect(throws: expected) { try decode(changed) }
            }
        }
    }

    @Test func `refuses any truncation, and what is longer than it says`() throws {
        let bytes = try encode(try record(validator: "v"))
        for length in bytes.indices {
            let expected: CacheRecordRejection = length == 0 ? .version : .length
            #expect(throws: expected) { try decode(Array(bytes[..<length])) }
        }
        #expect(throws: CacheRecordRejection.length) { try decode(bytes + [0]) }
        #expect(throws: CacheRecordRejection.length) { try decode(bytes + bytes) }
    }

    @Test func `refuses what was kept under another key or sealed with another secret`() throws {
        let bytes = try encode(try record())
        let other = try #require(CacheKey([UInt8](1...32)))
        #expect(throws: CacheRecordRejection.key) { try decode(bytes, other) }
        // Moved to the other key by someone who does not have the secret.
        let moved = bytes[..<9] + other.bytes + bytes[41...]
        #expect(throws: CacheRecordRejection.seal) { try decode(Array(moved), other) }
        let stranger = CacheRecordCoder(secret: [UInt8](2...33))
        #expect(throws: CacheRecordRejection.seal) { try decode(bytes, nil, stranger) }
        #expect(try decode(bytes, nil, CacheRecordCoder(secret: [UInt8](1...32))) == (try record()))
    }

    @Test func `refuses other versions, other data and chance`() throws {
        var random = SeededRandom(seed: 1)
        #expect(throws: CacheRecordRejection.version) { try decode([]) }
        #expect(throws: CacheRecordRejection.version) { try decode(Array(#"{"jsonrpc":"2.0"}"#.utf8)) }
        for _ in 0..<1_000 {
            var bytes = (0..<random.next() % 300).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            if random.next() % 2 == 0, !bytes.isEmpty { bytes[0] = CacheRecordCoder.version }
            #expect(throws: CacheRecordRejection.self) { try decode(bytes) }
        }
    }

    @Test func `refuses records of the version before`() throws {
        var bytes = try encode(try record())
        bytes.removeLast(32)
        bytes[0] = 1
        coder.seal(&bytes)
        #expect(throws: CacheRecordRejection.version) { try decode(bytes) }
    }

    // MARK: Compression

    /// The answer to `tools/list` of a server with `count` tools.
    private func toolsList(_ count: Int) throws -> CacheRecord {
        let tools = (0..<count).map { index in
            """
            {"name":"tool_\(index)","description":"Does the thing number \(index * index).","inputSchema":{"type":"object",\
            "properties":{"text":{"type":"string"},"count":{"type":"integer"}},"required":["text"]}}
            """
        }
        return try record(
            #"{"jsonrpc":"2.0","id":1,"result":{"tools":[\#(tools.joined(separator: ","))],"ttlMs":60000}}"#,
            validator: "v")
    }

    /// An answer of `count` bytes that nothing is to be saved on, before the `tail`.
    private func chance(_ count: Int, tail: String = "") throws -> CacheRecord {
        var random = SeededRandom(seed: 7)
        let head = #"{"jsonrpc":"2.0","id":1,"result":{"text":""#
        let end = tail + #""}}"#
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        let text = (0..<count - head.utf8.count - end.utf8.count).map { _ in letters[Int(random.next() & 63)] }
        return try record(head + String(decoding: text, as: UTF8.self) + end)
    }

    private static let headBytes = 88

    private func plainByteCount(_ record: CacheRecord) -> Int {
        Self.headBytes + record.validator.count + record.answer.bytes.readableBytes + 32
    }

    @Test(arguments: [10, 100, 1_000])
    func `compresses long answers, and reads them`(count: Int) throws {
        let record = try toolsList(count)
        let bytes = try encode(record)
        #expect(bytes.count < plainByteCount(record) / 2)
        #expect(try decode(bytes) == record)
    }

    @Test func `compresses answers from 1 KiB to 1 MiB on`() throws {
        for (count, isCompressed) in [(1_023, false), (1_024, true), (1_048_576, true), (1_048_577, false)] {
            let record = try chance(count, tail: String(repeating: "a", count: count / 2))
            #expect(record.answer.bytes.readableBytes == count)
            let bytes = try encode(record)
            #expect((bytes.count < plainByteCount(record)) == isCompressed)
            let isSame = try decode(bytes) == record
            #expect(isSame)
        }
    }

    @Test func `compresses only what an eighth is saved on`() throws {
        var savings: Set<Bool> = []
        for tail in stride(from: 0, to: 2_000, by: 20) {
            let record = try chance(8_000, tail: String(repeating: "a", count: tail))
            let bytes = try encode(record)
            let saved = plainByteCount(record) - bytes.count
            #expect(saved == 0 || saved >= 1_000)
            savings.insert(saved == 0)
            #expect(try decode(bytes) == record)
        }
        #expect(savings.count == 2)
    }

    @Test func `compresses with one table what comes one after the other`() throws {
        var compressor = LZ4Compressor()
        for count in [10, 300, 20, 1, 11] {
            let record = try toolsList(count)
            #expect(coder.encode(record, for: key, with: &compressor) == (try encode(record)))
        }
    }

    @Test func `refuses any change and any truncation of a compressed record`() throws {
        let bytes = try encode(try toolsList(20))
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1 << UInt8(index % 8)
            #expect(throws: CacheRecordRejection.self) { try decode(changed) }
            #expect(throws: CacheRecordRejection.self) { try decode(Array(bytes[..<index])) }
        }
    }

    @Test func `takes nothing for an answer that was sealed but does not make sense`() throws {
        let record = try toolsList(20)
        let length = record.answer.bytes.readableBytes
        let bytes = Array(try encode(record).dropLast(32))
        func sealed(_ change: (inout [UInt8]) -> Void) -> [UInt8] {
            var bytes = bytes
            change(&bytes)
            coder.seal(&bytes)
            return bytes
        }
        func setLength(_ length: Int, _ bytes: inout [UInt8]) {
            for index in 0..<4 { bytes[82 + index] = UInt8(truncatingIfNeeded: length >> (24 - 8 * index)) }
        }
        #expect(try decode(sealed { _ in }) == record)
        #expect(try decode(sealed { setLength(length, &$0) }) == record)
        for other in [1, length - 1, length + 1, 2 * length, 67_108_864, 67_108_865, Int(Int32.max), Int(UInt32.max)] {
            #expect(throws: CacheRecordRejection.content) { try decode(sealed { setLength(other, &$0) }) }
        }
        // Not compressed, but said to be.
        var plain = Array(try encode(try self.record()).dropLast(32))
        setLength(plain.count - Self.headBytes, &plain)
        coder.seal(&plain)
        #expect(throws: CacheRecordRejection.content) { try decode(plain) }
        // Whatever stands there: refused, or an answer of that length.
        for index in bytes.indices.dropFirst(81) {
            let changed = sealed { $0[index] ^= 1 << UInt8(index % 8) }
            do {
                #expect(try decode(changed).answer.bytes.readableBytes == length || index < Self.headBytes)
            } catch {
                #expect(error as? CacheRecordRejection == .content)
            }
        }
    }

    @Test func `reads no longer answers than are kept`() throws {
        let records = [try toolsList(20), try chance(2_000)]
        for record in records {
            let bytes = try encode(record)
            let length = record.answer.bytes.readableBytes
            let enough = CacheRecordCoder(secret: [UInt8](1...32), maximumAnswer: length)
            #expect(try decode(bytes, nil, enough) == record)
            let tooLittle = CacheRecordCoder(secret: [UInt8](1...32), maximumAnswer: length - 1)
            #expect(throws: CacheRecordRejection.content) { try decode(bytes, nil, tooLittle) }
        }
    }

    // MARK: Life

    @Test func `goes on living on the clock of whoever reads it`() throws {
        let record = try record()
        let life = record.life(at: .seconds(500), wallClock: record.received + 7_000, spans: StaleSpans())
        #expect(life.age(at: .seconds(500)) == .seconds(7))
        #expect(life.remaining(at: .seconds(500)) == .milliseconds(50_001))
        #expect(life.fetchTime == .milliseconds(83))
        #expect(life.freshness(at: .seconds(500) + .milliseconds(50_001)) == .staleWhileRevalidating)
    }

    @Test func `takes what comes from the future for new, and what is as old as time for dead`() throws {
        var record = try record()
        for clock in [record.received - 1, 0, Int64.min] {
            let life = record.life(at: .seconds(500), wallClock: clock, spans: StaleSpans())
            #expect(life.age(at: .seconds(500)) == .zero && life.freshness(at: .seconds(500)) == .fresh)
        }
        record.received = .min
        let life = record.life(at: .seconds(500), wallClock: .max, spans: StaleSpans())
        #expect(life.freshness(at: .seconds(500)) == .dead)
    }
}
