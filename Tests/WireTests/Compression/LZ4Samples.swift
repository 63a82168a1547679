import Foundation
import NIOCore

@testable import Wire

/// Bytes to compress, and blocks that others made of them.
enum LZ4Samples {
    /// Bytes with a name.
    struct Sample: CustomStringConvertible, Sendable {
        var name: String
        var bytes: [UInt8]

        var description: String { name }
    }

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/lz4")

    /// Those that `Fixtures/lz4/peer.py` makes too.
    static let generated = [
        Sample(name: "empty", bytes: []),
        Sample(name: "byte", bytes: Array("a".utf8)),
        Sample(name: "twelve", bytes: Array(repeating: 0x61, count: 12)),
        Sample(name: "thirteen", bytes: Array(repeating: 0x61, count: 13)),
        Sample(name: "zeros", bytes: Array(repeating: 0, count: 70_000)),
        Sample(name: "period-3", bytes: (0..<5_000).map { UInt8($0 % 3) }),
        Sample(name: "period-251", bytes: (0..<200_000).map { UInt8($0 % 251) }),
        Sample(name: "curve", bytes: (0..<3_000).map { UInt8((($0 * $0) >> 4) & 255) }),
    ]

    /// The golden exchanges.
    static let examples: [Sample] = {
        let folder = MCPExamplesTests.directory
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".json") }.sorted().map { name in
            let data = (try? Data(contentsOf: folder.appendingPathComponent(name))) ?? Data()
            return Sample(name: String(name.dropLast(5)), bytes: Array(data))
        }
    }()

    static let all = generated + examples

    /// The blocks beside `peer.py`, by the name of what they stand for.
    static func blocks() throws -> [(name: String, plain: [UInt8], block: [UInt8])] {
        let plain = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0.bytes) })
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().compactMap { file in
            guard file.hasSuffix(".lz4") else { return nil }
            let name = file.replacingOccurrences(of: ".lz4", with: "").replacingOccurrences(of: ".best", with: "")
            let block = Array(try Data(contentsOf: folder.appendingPathComponent(file)))
            return plain[name].map { (file, $0, block) }
        }
    }

    /// Bytes that are partly chance and partly repetition, near and far.
    static func mixture(count: Int, using random: inout some RandomNumberGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        let variety = UInt8.random(in: 0...255, using: &random)
        while bytes.count < count {
            if !bytes.isEmpty, Bool.random(using: &random) {
                let offset = Int.random(in: 1...bytes.count, using: &random)
                for _ in 0..<Int.random(in: 1...400, using: &random) { bytes.append(bytes[bytes.count - offset]) }
            } else {
                for _ in 0..<Int.random(in: 1...40, using: &random) {
                    bytes.append(UInt8.random(in: 0...variety, using: &random))
                }
            }
        }
        return Array(bytes.prefix(count))
    }

    /// A generator that gives the same numbers in each run (Numerical Recipes' linear congruential one, upper half).
    struct Chance: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            var number: UInt64 = 0
            for _ in 0..<2 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                number = number << 32 | state >> 32
            }
            return number
        }
    }

    // MARK: Ours

    static func compress(_ bytes: [UInt8]) -> [UInt8] {
        var compressor = LZ4Compressor()
        var block: [UInt8] = []
        _ = bytes.withUnsafeBytes { compressor.compress(ByteView($0), limit: .max, into: &block) }
        return block
    }

    static func decompress(_ block: [UInt8], count: Int) throws -> [UInt8] {
        try block.withUnsafeBytes { Array(try LZ4Block.decompress(ByteView($0), count: count).readableBytesView) }
    }
}

/// The specification, read slowly: for comparison.
struct LZ4Model {
    /// What the block stands for, `nil` if it is none or stands for more than `limit` bytes.
    static func decompress(_ block: [UInt8], limit: Int = .max) -> [UInt8]? {
        sequences(block, limit: limit)?.output
    }

    /// Whether the last match begins 12 bytes before the end or earlier and ends 5 before it or earlier, as a compressor
    /// must have it.
    static func endsProperly(_ block: [UInt8]) -> Bool {
        guard let (output, matches) = sequences(block, limit: .max) else { return false }
        return matches.allSatisfy { $0.lowerBound + 12 <= output.count && $0.upperBound + 5 <= output.count }
    }

    private static func sequences(_ block: [UInt8], limit: Int) -> (output: [UInt8], matches: [Range<Int>])? {
        var output: [UInt8] = []
        var matches: [Range<Int>] = []
        var rest = block[...]
        func length(_ start: Int) -> Int? {
            var length = start
            guard start == 15 else { return length }
            while let byte = rest.popFirst() {
                length += Int(byte)
                if byte < 255 { return length }
            }
            return nil
        }
        while let token = rest.popFirst() {
            guard let literals = length(Int(token >> 4)), rest.count >= literals else { return nil }
            output += rest.prefix(literals)
            rest = rest.dropFirst(literals)
            guard output.count <= limit else { return nil }
            if rest.isEmpty { return (output, matches) }
            guard let low = rest.popFirst(), let high = rest.popFirst() else { return nil }
            let offset = Int(low) + 256 * Int(high)
            guard let match = length(Int(token & 15)), offset > 0, offset <= output.count else { return nil }
            guard output.count + match + 4 <= limit else { return nil }
            matches.append(output.count..<output.count + match + 4)
            for _ in 0..<match + 4 { output.append(output[output.count - offset]) }
        }
        return nil
    }
}
