import Foundation
import Testing

@testable import Wire

/// `bytes` as a whole JSON text, judged by the scanner.
func judge(_ bytes: [UInt8]) -> JSONError? {
    var scratch = JSONScratch(seed: 1)
    return judge(bytes, &scratch)
}

func judge(_ bytes: [UInt8], _ scratch: inout JSONScratch) -> JSONError? {
    bytes.withUnsafeBytes { raw -> JSONError? in
        do throws(JSONError) {
            try JSONScanner.validate(ByteView(raw), scratch: &scratch)
            return nil
        } catch {
            return error
        }
    }
}

func judge(_ text: String) -> JSONError? { judge(Array(text.utf8)) }

/// `bytes` as a whole JSON text, judged by the incremental reader, which gets them in pieces that end at `cuts`.
func judgeStream(_ bytes: [UInt8], cuts: [Int] = []) -> JSONError? {
    var reader = JSONStreamReader(seed: 1)
    do throws(JSONError) {
        var start = 0
        for end in cuts + [bytes.count] {
            // A copy of exactly the piece, so that reading beyond it is seen by the sanitizer.
            let piece = Array(bytes[start..<end])
            let failure = piece.withUnsafeBytes { raw -> JSONError? in
                var offset = 0
                do throws(JSONError) {
                    while try reader.next(ByteView(raw), &offset) != nil {}
                    return nil
                } catch {
                    return error
                }
            }
            if let failure { throw failure }
            reader.advance(by: piece.count)
            start = end
        }
        try reader.finish()
        if reader.hasDuplicate { throw .duplicateName(offset: 0) }
        return nil
    } catch {
        return error
    }
}

extension JSONError {
    /// The error without its offset.
    var category: String {
        switch self {
        case .syntax: "syntax"
        case .duplicateName: "duplicateName"
        case .tooDeep: "tooDeep"
        case .tooManyValues: "tooManyValues"
        case .nameTooLong: "nameTooLong"
        }
    }
}

extension JSONRPCError {
    /// The error without offset and id.
    var category: String {
        switch self {
        case .notJSON: "notJSON"
        case .invalidRequest(let reason, _): "\(reason)"
        }
    }
}

/// What `scan` made of a text, with the text to look its ranges up in.
struct Scanned {
    let bytes: [UInt8]
    let outcome: Result<JSONRPCEnvelope, JSONRPCError>

    init(_ text: String) { self.init(Array(text.utf8)) }

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var scratch = JSONScratch(seed: 1)
        outcome = bytes.withUnsafeBytes { raw in
            Result { () throws(JSONRPCError) in try JSONRPCEnvelope.scan(ByteView(raw), scratch: &scratch) }
        }
    }

    var envelope: JSONRPCEnvelope? { try? outcome.get() }

    var error: JSONRPCError? {
        if case .failure(let error) = outcome { error } else { nil }
    }

    /// The id that a refusal carries, as it stands.
    var refusedID: String? {
        guard case .invalidRequest(_, let id) = error else { return nil }
        return string(id?.range)
    }

    func string(_ range: ByteRange?) -> String? {
        guard let range else { return nil }
        return String(decoding: bytes[range.range], as: UTF8.self)
    }

    func string(_ text: JSONText?) -> String? {
        guard let text else { return nil }
        return bytes.withUnsafeBytes { String(decoding: text.unescaped(in: ByteView($0)), as: UTF8.self) }
    }
}

/// The verdict of the incremental scanner, or its error's category.
struct StreamVerdict: Equatable, CustomStringConvertible {
    var verdict: JSONRPCStreamScanner.Verdict?
    var failure: String?
    var hadWrongID = false

    init(_ bytes: [UInt8], cuts: [Int], expecting id: String = "1") {
        var scanner = JSONRPCStreamScanner(seed: 1, expecting: Array(id.utf8))
        var start = 0
        do throws(JSONRPCError) {
            for end in cuts + [bytes.count] {
                let piece = Array(bytes[start..<end])
                let error = piece.withUnsafeBytes { raw -> JSONRPCError? in
                    do throws(JSONRPCError) {
                        try scanner.consume(ByteView(raw))
                        return nil
                    } catch {
                        return error
                    }
                }
                if let error { throw error }
                start = end
            }
            hadWrongID = scanner.hasWrongID
            verdict = try scanner.finish()
        } catch {
            failure = error.category
        }
    }

    var description: String { verdict.map { "\($0)" } ?? failure ?? "?" }
}

/// A small generator, the same numbers for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// Third parties' data beside the package; absent in a plain clone.
enum SharedData {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "shared")

    /// The files of JSONTestSuite's `test_parsing`, sorted by name.
    static let jsonTestSuite: [URL] = {
        let folder = root.appending(path: "data/json-test-suite/test_parsing")
        let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return (files ?? []).filter { $0.pathExtension == "json" }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
    }()
}
