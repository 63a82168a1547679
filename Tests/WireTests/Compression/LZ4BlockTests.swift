import Foundation
import NIOCore
import Testing

@testable import Wire

struct LZ4BlockTests {
    private func text(_ block: [UInt8], _ count: Int) throws -> String {
        String(decoding: try LZ4Samples.decompress(block, count: count), as: UTF8.self)
    }

    private let letters = (0..<300).map { UInt8(0x61 + $0 % 26) }

    @Test func `reads literals of all lengths`() throws {
        #expect(try text([0x00], 0).isEmpty)
        #expect(try text([0x10, 0x61], 1) == "a")
        // The three examples of the specification, and where one more byte begins.
        for (count, head) in [
            (14, [0xE0]), (15, [0xF0, 0]), (48, [0xF0, 33]), (269, [0xF0, 254]), (270, [0xF0, 255, 0]),
            (280, [0xF0, 255, 10]),
        ] as [(Int, [UInt8])] {
            #expect(try LZ4Samples.decompress(head + letters[..<count], count: count) == Array(letters[..<count]))
        }
    }

    @Test func `reads matches of all lengths and distances`() throws {
        let end: [UInt8] = [0x50] + Array("vwxyz".utf8)
        #expect(try text([0x40] + "abcd".utf8 + [4, 0] + end, 13) == "abcdabcdvwxyz")
        #expect(try text([0x14, 0x61, 1, 0] + end, 14) == "aaaaaaaaavwxyz")
        #expect(try text([0x31] + "abc".utf8 + [2, 0] + end, 13) == "abcbcbcbvwxyz")
        #expect(try text([0x1F, 0x61, 1, 0, 0] + end, 25) == String(repeating: "a", count: 20) + "vwxyz")
        #expect(try text([0x1F, 0x61, 1, 0, 255, 1] + end, 281) == String(repeating: "a", count: 276) + "vwxyz")
        // The farthest.
        var random = LZ4Samples.Chance(state: 1)
        let far = LZ4Samples.mixture(count: 65_535, using: &random)
        let head = [0xF0] + Array(repeating: 255, count: 256) + [240 as UInt8]
        let block = head + far + [255, 255] + end
        #expect(try LZ4Samples.decompress(block, count: 65_544) == far + far[..<4] + "vwxyz".utf8)
    }

    @Test(
        arguments: [
            ([], 0, .truncated), ([], 1, .length),
            // Within a token's length, before or within literals, within an offset.
            ([0xF0], 15, .truncated), ([0xF0, 255], 300, .truncated), ([0x10], 1, .truncated),
            ([0x20, 0x61], 2, .truncated), ([0x10, 0x61, 1], 5, .truncated), ([0x1F, 0x61, 1, 0], 20, .truncated),
            // Without literals at the end.
            ([0x10, 0x61, 1, 0], 5, .truncated),
            ([0x10, 0x61, 0, 0, 0x10, 0x61], 6, .offset), ([0x10, 0x61, 2, 0, 0x10, 0x61], 6, .offset),
            ([0x00, 1, 0, 0x10, 0x61], 5, .offset), ([0x10, 0x61, 255, 255, 0x10, 0x61], 6, .offset),
            ([0x10, 0x61], 0, .length), ([0x10, 0x61], 2, .length), ([0x10, 0x61, 1, 0, 0x10, 0x61], 5, .length),
            ([0x10, 0x61, 1, 0, 0x10, 0x61], 4, .length), ([0x10, 0x61, 1, 0, 0x10, 0x61], 7, .length),
            // More than so few bytes can stand for, and what is no length.
            ([0x10, 0x61], 511, .length), ([0x10, 0x61], .max, .length), ([0x10, 0x61], -1, .length),
            ([0x10, 0x61], .min, .length),
        ] as [([UInt8], Int, LZ4Error)])
    func `refuses what is no block of that length`(block: [UInt8], count: Int, error: LZ4Error) {
        #expect(throws: error) { try LZ4Samples.decompress(block, count: count) }
    }

    @Test func `reads what another implementation has written`() throws {
        let blocks = try LZ4Samples.blocks()
        #expect(blocks.count == 14)
        for (name, plain, block) in blocks {
            let isSame = try LZ4Samples.decompress(block, count: plain.count) == plain
            #expect(isSame, "\(name)")
        }
    }

    @Test func `refuses every truncation`() throws {
        for sample in LZ4Samples.all where sample.bytes.count < 8_000 {
            let block = LZ4Samples.compress(sample.bytes)
            for length in 0..<block.count {
                #expect(throws: LZ4Error.self) {
                    try LZ4Samples.decompress(Array(block[..<length]), count: sample.bytes.count)
                }
            }
        }
    }

    @Test(arguments: ["42-bridge-status-translation", "curve", "period-3", "zeros"])
    func `reads a block with any byte changed as the specification does or not at all`(name: String) throws {
        let plain = Array(try #require(LZ4Samples.all.first { $0.name == name }).bytes.prefix(1_200))
        let block = LZ4Samples.compress(plain)
        let memory = try GuardedMemory(block: block.count, output: plain.count)
        for index in block.indices {
            // All values where the tokens and offsets of a short block are, eight elsewhere.
            for change in block.count < 400 ? Array(1...255) : [1, 2, 4, 8, 16, 32, 64, 128] as [UInt8] {
                var changed = block
                changed[index] ^= change
                let expected = LZ4Model.decompress(changed, limit: plain.count).flatMap {
                    $0.count == plain.count ? $0 : nil
                }
                let isSame = memory.decompress(changed) == expected
                #expect(isSame, "byte \(index) changed by \(change)")
            }
        }
    }

    @Test func `never leaves its memory, whatever the block is`() throws {
        var random = LZ4Samples.Chance(state: 2)
        for _ in 0..<2_000 {
            var block = (0..<Int.random(in: 0...80, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            // Short offsets, so that more than the first match is read.
            for index in block.indices where index % 3 == 2 { block[index] = 0 }
            let count = Int.random(in: 0...600, using: &random)
            let memory = try GuardedMemory(block: block.count, output: count)
            let expected = LZ4Model.decompress(block, limit: count).flatMap { $0.count == count ? $0 : nil }
            let isSame = memory.decompress(block) == expected
            #expect(isSame, "\(block) as \(count) bytes")
        }
    }
}

/// Memory for a block and for what it stands for, each followed by a page that nobody may touch; canaries stand before
/// the output.
private final class GuardedMemory {
    private let base: UnsafeMutableRawPointer
    private let byteCount: Int
    private let block: UnsafeMutableRawBufferPointer
    private let output: UnsafeMutableRawBufferPointer

    init(block: Int, output: Int) throws {
        let page = Int(getpagesize())
        func pages(_ count: Int) -> Int { (count + page) / page * page }
        byteCount = pages(block) + pages(output) + 2 * page
        let base = try #require(
            mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0), "no memory")
        self.base = base
        let blockEnd = base + pages(block)
        let outputEnd = blockEnd + page + pages(output)
        try #require(mprotect(blockEnd, page, PROT_NONE) == 0 && mprotect(outputEnd, page, PROT_NONE) == 0)
        self.block = UnsafeMutableRawBufferPointer(start: blockEnd - block, count: block)
        self.output = UnsafeMutableRawBufferPointer(start: outputEnd - output, count: output)
        canaries.update(repeating: 0xAA)
    }

    deinit { munmap(base, byteCount) }

    private var canaries: UnsafeMutableBufferPointer<UInt8> {
        UnsafeMutableRawBufferPointer(start: output.baseAddress.map { $0 - 1 }, count: 1).bindMemory(to: UInt8.self)
    }

    /// What the bytes stand for; `nil` if they are refused.
    func decompress(_ bytes: [UInt8]) -> [UInt8]? {
        block.copyBytes(from: bytes)
        defer { #expect(canaries.allSatisfy { $0 == 0xAA }) }
        do throws(LZ4Error) {
            try LZ4Block.decompress(ByteView(UnsafeRawBufferPointer(block)), into: output)
        } catch {
            return nil
        }
        return Array(output)
    }
}
