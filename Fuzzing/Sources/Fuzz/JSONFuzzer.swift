import NIOCore
import Wire

/// The JSON readers: one verdict, whatever reads and however the bytes are cut.
enum JSONFuzzer {
    /// Whole documents: scanner and tree agree on what is JSON, and what was written can be read.
    static func document(_ input: ByteView) {
        let first = scan(input, seed: 1)
        precondition(first == scan(input, seed: 2), "the seed changes the verdict")
        if case .success(let envelope) = first { check(envelope, input) }

        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(input)
        } catch {
            if case .success = first { preconditionFailure("the scanner takes what the tree refuses: \(error)") }
            return
        }
        if case .failure(.notJSON) = first { preconditionFailure("the tree takes what the scanner calls no JSON") }
        let written = value.bytes
        do throws(JSONError) {
            let reread = try JSONValue.parse(written)
            precondition(reread == value, "what was written reads as something else")
        } catch {
            preconditionFailure("what was written cannot be read: \(error)")
        }
    }

    /// Canonical forms: what the tree takes has one, with the same members, which is its own canonical form.
    static func canonical(_ input: ByteView) {
        var buffer = ByteBuffer()
        let isTree = (try? JSONValue.parse(input)) != nil
        do throws(JSONError) {
            try buffer.writeCanonicalJSON(input)
        } catch {
            precondition(!isTree && buffer.readableBytes == 0, "the tree takes what has no canonical form: \(error)")
            return
        }
        precondition(isTree, "the tree refuses what has a canonical form")
        var again = ByteBuffer()
        do throws(JSONError) {
            try buffer.withByteView { view throws(JSONError) in try again.writeCanonicalJSON(view) }
        } catch {
            preconditionFailure("a canonical form is no JSON: \(error)")
        }
        precondition(again == buffer, "a canonical form has another one")
    }

    /// Answers in pieces: the stream's scanner says what the scanner of the whole says.
    static func stream(_ input: ByteView) {
        let (bytes, first, second) = input.cuts
        let whole = bytes.withUnsafeBytes { scan(ByteView($0), seed: 3) }
        var scanner = JSONRPCStreamScanner(seed: 4, expecting: Array("1".utf8))
        do throws(JSONRPCError) {
            for range in [0..<first, first..<second, second..<bytes.count] {
                // Pieces of their own: nothing of the stream may lie around them.
                try ByteBuffer(bytes: bytes[range]).withByteView { view throws(JSONRPCError) in
                    try scanner.consume(view)
                }
            }
            let verdict = try scanner.finish()
            guard case .success(let envelope) = whole else {
                preconditionFailure("the stream takes what the whole is refused for: \(whole)")
            }
            precondition(verdict.kind == envelope.kind && verdict.isToolError == envelope.isToolError)
            if envelope.kind != .batch { precondition(verdict.hasID == (envelope.id != nil)) }
        } catch {
            guard case .failure(let failure) = whole else {
                preconditionFailure("the stream refuses what the whole is accepted with: \(error)")
            }
            precondition(reason(failure) == reason(error), "\(failure) is not \(error)")
        }
    }

    /// The reason of a refusal; `nil` for what is no JSON. Where the fault is seen, and the id, belong to the whole only.
    private static func reason(_ error: JSONRPCError) -> JSONRPCError.Reason? {
        switch error {
        case .notJSON: nil
        case .invalidRequest(let reason, _): reason
        }
    }

    static func scan(_ bytes: ByteView, seed: UInt64) -> Result<JSONRPCEnvelope, JSONRPCError> {
        var scratch = JSONScratch(seed: seed)
        do throws(JSONRPCError) {
            return .success(try JSONRPCEnvelope.scan(bytes, scratch: &scratch))
        } catch {
            return .failure(error)
        }
    }

    private static func check(_ envelope: JSONRPCEnvelope, _ bytes: ByteView) {
        let texts = [
            envelope.method, envelope.name, envelope.uri, envelope.taskID, envelope.protocolVersion,
            envelope.metaProtocolVersion, envelope.requestState, envelope.resultProtocolVersion, envelope.resultType,
        ]
        for case .some(let text) in texts {
            precondition(text.range.end <= bytes.count)
            let unescaped = text.unescaped(in: bytes)
            unescaped.withUnsafeBytes { precondition(ByteView($0).isValidUTF8 && text.equals(ByteView($0), in: bytes)) }
        }
        let ranges = [
            envelope.id?.range, envelope.params, envelope.arguments, envelope.meta, envelope.result, envelope.error,
        ]
        for case .some(let range) in ranges { precondition(!range.isEmpty && range.end <= bytes.count) }
        // Another id in its place leaves everything else as it was.
        if envelope.kind != .batch, envelope.id != nil {
            var spliced = ByteBuffer()
            let written = Array("\"other\"".utf8).withUnsafeBytes {
                envelope.write(bytes, replacingIDWith: ByteView($0), into: &spliced)
            }
            precondition(written)
            guard case .success(let other) = spliced.withByteView({ scan($0, seed: 5) }) else {
                preconditionFailure("a spliced message cannot be read")
            }
            precondition(other.kind == envelope.kind && other.id?.isString == true)
        }
    }
}
