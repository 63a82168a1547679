import NIOCore
import Wire

/// The reply parser: any cut gives the same replies, and no byte is lost.
enum RESPFuzzer {
    private struct Reading: Equatable {
        /// The replies as text: not-a-number is not equal to itself.
        var replies: [String] = []
        var error: RESPError?
        var isBetweenReplies = false
    }

    /// A stream from its first byte.
    static func stream(_ input: ByteView) {
        let (bytes, first, second) = input.cuts
        let whole = read(bytes, cuts: [])
        precondition(read(bytes, cuts: [first, second]) == whole, "a cut changes the replies")
        precondition(
            read(bytes, cuts: Array(0..<min(bytes.count, 256))) == whole, "pieces of a byte change the replies")
    }

    private static func read(_ bytes: [UInt8], cuts: [Int]) -> Reading {
        var reading = Reading()
        var parser = RESPParser()
        var buffer = ByteBuffer()
        var start = 0
        do throws(RESPError) {
            for end in cuts + [bytes.count] {
                buffer.writeBytes(bytes[start..<end])
                start = end
                while let reply = try parser.next(in: &buffer) { reading.replies.append(describe(reply)) }
            }
            reading.isBetweenReplies = parser.isBetweenReplies && buffer.readableBytes == 0
        } catch {
            reading.error = error
        }
        return reading
    }

    private static func describe(_ value: RESPValue) -> String {
        if let elements = value.elements { return "[" + elements.map(describe).joined(separator: ",") + "]" }
        if let string = value.string { return "\"" + String(buffer: string) + "\"" }
        return "\(value)"
    }
}
