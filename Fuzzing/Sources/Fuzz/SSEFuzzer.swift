import NIOCore
import Wire

/// The event-stream parser: any cut gives the same events, and no byte is lost.
enum SSEFuzzer {
    private struct Reading: Hashable {
        var events: [[UInt8]] = []
        var isTooLarge = false
    }

    /// A stream from its first byte.
    static func stream(_ input: ByteView) {
        let (bytes, first, second) = input.cuts
        let whole = read(bytes, cuts: [])
        precondition(read(bytes, cuts: [first, second]) == whole, "a cut changes the events")
        precondition(read(bytes, cuts: Array(0..<min(bytes.count, 256))) == whole, "pieces of a byte change the events")
    }

    private static func read(_ bytes: [UInt8], cuts: [Int]) -> Reading {
        var reading = Reading()
        // Small, so that the bound is met.
        var parser = SSEParser(maximumEventByteCount: 512)
        var buffer = ByteBuffer()
        var start = 0
        do throws(SSEError) {
            for end in cuts + [bytes.count] {
                buffer.writeBytes(bytes[start..<end])
                start = end
                while let block = try parser.next(in: buffer) {
                    precondition(block.byteCount > 0 && block.byteCount <= buffer.readableBytes)
                    let event = buffer.withByteView { view -> [UInt8]? in
                        for case .some(let range) in [block.data, block.event, block.id, block.retry] {
                            precondition(range.end <= block.byteCount)
                        }
                        let data = block.joinedData(in: view)
                        // A blank line more or less, which a CR LF that was cut in two leaves, is no difference.
                        guard block.dataLineCount > 0 || block.id != nil || block.event != nil || block.retry != nil
                        else {
                            return nil
                        }
                        return data + [0] + (block.id.map { view[$0].bytes } ?? [1]) + [0]
                            + (block.event.map { view[$0].bytes } ?? [1]) + [0]
                            + (block.retry.map { view[$0].bytes } ?? [1])
                    }
                    if let event { reading.events.append(event) }
                    buffer.moveReaderIndex(forwardBy: block.byteCount)
                }
            }
        } catch {
            reading.isTooLarge = true
        }
        return reading
    }
}
