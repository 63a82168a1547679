import Foundation
import NIOCore
import Testing

@testable import Wire

struct LZ4CompressorTests {
    @Test(arguments: LZ4Samples.all)
    func `writes what stands for its input`(sample: LZ4Samples.Sample) throws {
        let block = LZ4Samples.compress(sample.bytes)
        let isRead = try LZ4Samples.decompress(block, count: sample.bytes.count) == sample.bytes
        let isReadByModel = LZ4Model.decompress(block) == sample.bytes
        #expect(isRead && isReadByModel && LZ4Model.endsProperly(block))
        #expect(block.count <= sample.bytes.count + sample.bytes.count / 255 + 16)
    }

    @Test func `gives all bytes back, with one table for all calls`() throws {
        var random = LZ4Samples.Chance(state: 3)
        var compressor = LZ4Compressor()
        for round in 0..<400 {
            let limit = round < 100 ? round : round % 40 == 0 ? 200_000 : 3_000
            let bytes = LZ4Samples.mixture(count: Int.random(in: 0...limit, using: &random), using: &random)
            var block: [UInt8] = []
            #expect(bytes.withUnsafeBytes { compressor.compress(ByteView($0), limit: .max, into: &block) })
            let isSameAsWithNewTable = block == LZ4Samples.compress(bytes)
            let isRead = try LZ4Samples.decompress(block, count: bytes.count) == bytes
            let isReadByModel = LZ4Model.decompress(block) == bytes
            #expect(isSameAsWithNewTable && isRead && isReadByModel && LZ4Model.endsProperly(block), "round \(round)")
        }
    }

    @Test func `compresses JSON, and what repeats itself`() throws {
        let example = try #require(LZ4Samples.examples.first { $0.name == "42-bridge-status-translation" })
        #expect(LZ4Samples.compress(example.bytes).count < example.bytes.count / 2)
        #expect(LZ4Samples.compress(Array(repeating: 0, count: 70_000)).count < 300)
        #expect(LZ4Samples.compress((0..<200_000).map { UInt8($0 % 251) }).count < 1_100)
    }

    @Test func `finds a match at the farthest distance and none beyond`() throws {
        var random = LZ4Samples.Chance(state: 4)
        let marked = (0..<200).map { _ in UInt8.random(in: 128...255, using: &random) }
        for (distance, isFound) in [(65_535, true), (65_536, false)] {
            let between: [UInt8] = Array(repeating: 0, count: distance - marked.count)
            let bytes = marked + between + marked + Array(repeating: 1, count: 20)
            let block = LZ4Samples.compress(bytes)
            #expect(LZ4Model.decompress(block) == bytes)
            // The zeros take 256 bytes, the marked ones 200 each time.
            #expect(block.count > 450 && (block.count < 550) == isFound)
        }
    }

    @Test func `writes no more than the limit, and nothing rather than a part`() throws {
        var compressor = LZ4Compressor()
        for sample in LZ4Samples.generated {
            let block = LZ4Samples.compress(sample.bytes)
            for limit in [Int.min, -1, 0, 1, block.count - 1, block.count, block.count + 1] {
                var output: [UInt8] = [1, 2, 3]
                let isWritten = sample.bytes.withUnsafeBytes {
                    compressor.compress(ByteView($0), limit: limit, into: &output)
                }
                #expect(isWritten == (limit >= block.count), "\(sample): \(limit) of \(block.count)")
                let isRight = output == [1, 2, 3] + (isWritten ? block : [])
                #expect(isRight, "\(sample): \(limit) of \(block.count)")
            }
        }
    }

    /// Whether the Python environment of the tests has LZ4, or must have it.
    private static let hasPeer: Bool = {
        if ProcessInfo.processInfo.environment["MCP_TESTS_COMPLETE"] != nil { return true }
        let list = python.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(
            "installed.txt")
        return (try? String(contentsOf: list, encoding: .utf8))?.contains("lz4==") ?? false
    }()

    private static let python = LZ4Samples.folder.deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(".venv/bin/python")

    @Test(.enabled(if: hasPeer, "make .venv with lz4: scripts/test"))
    func `understands another implementation, and is understood by it`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lz4-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var random = LZ4Samples.Chance(state: .random(in: .min ... .max))
        let seed = random.state
        let samples =
            LZ4Samples.all
            + (0..<100).map { index in
                LZ4Samples.Sample(
                    name: "mixture-\(index)",
                    bytes: LZ4Samples.mixture(count: Int.random(in: 0...100_000, using: &random), using: &random))
            }
        for sample in samples {
            let file = folder.appendingPathComponent(sample.name)
            try Data(sample.bytes).write(to: file.appendingPathExtension("plain"))
            try Data(LZ4Samples.compress(sample.bytes)).write(to: file.appendingPathExtension("block"))
        }
        let process = Process()
        let output = Pipe()
        process.executableURL = Self.python
        process.arguments = [LZ4Samples.folder.appendingPathComponent("peer.py").path, "check", folder.path]
        process.standardOutput = output
        try process.run()
        let complaints = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "seed \(seed): \(complaints)")
        for sample in samples {
            let file = folder.appendingPathComponent(sample.name).appendingPathExtension("peer")
            let block = Array(try Data(contentsOf: file))
            let isSame = try LZ4Samples.decompress(block, count: sample.bytes.count) == sample.bytes
            #expect(isSame, "seed \(seed): \(sample)")
        }
    }
}
