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
        #expect(try decode(try #require(coder.encode(first, for: key))) == first)
        let second = try record(#"{"jsonrpc":"2.0","result":{},"id":"a"}"#, validator: validator)
        #expect(try decode(try #require(coder.encode(second, for: key))) == second)
    }

    @Test func `does not write a validator that is too long`() throws {
        #expect(coder.encode(try record(validator: String(repeating: "v", count: 65_536)), for: key) == nil)
    }

    @Test func `keeps times in whole milliseconds and never negative`() throws {
        var record = try record()
        record.freshness = .seconds(-5)
        record.fetchTime = .microseconds(1_999)
        record.received = .min
        let read = try decode(try #require(coder.encode(record, for: key)))
        #expect(read.freshness == .zero && read.fetchTime == .milliseconds(1) && read.received == .min)
    }

    @Test func `refuses any change of any byte`() throws {
        let bytes = try #require(coder.encode(try record(validator: "v"), for: key))
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
        let bytes = try #require(coder.encode(try record(validator: "v"), for: key))
        for length in bytes.indices {
            let expected: CacheRecordRejection = length == 0 ? .version : .length
            #expect(throws: expected) { try decode(Array(bytes[..<length])) }
        }
        #expect(throws: CacheRecordRejection.length) { try decode(bytes + [0]) }
        #expect(throws: CacheRecordRejection.length) { try decode(bytes + bytes) }
    }

    @Test func `refuses what was kept under another key or sealed with another secret`() throws {
        let bytes = try #require(coder.encode(try record(), for: key))
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
