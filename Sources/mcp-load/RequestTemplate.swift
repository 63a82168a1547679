import NIOCore

/// A whole request, head and body, in which only the digits of the id change from call to call.
///
/// Every id has the same number of digits, so neither the length nor anything else has to be written again: a call
/// overwrites twelve bytes of a buffer that its connection keeps.
struct RequestTemplate: Sendable {
    /// The digits of every id: enough for 10^11 calls, few enough to be exact in readers that use floating point.
    static let idDigits = 12
    /// The first id.
    static let firstID = 100_000_000_000

    /// The request, with the first id in it when it has one.
    let bytes: ByteBuffer
    /// Where the digits of the id begin, from the start of `bytes`; absent in notifications and requests without a body.
    let idOffset: Int?

    /// A request without a body.
    init(head: String) {
        bytes = ByteBuffer(string: head + "\r\n")
        idOffset = nil
    }

    /// A request with a body that begins with `start`, then the id when `hasID`, then `rest`.
    init(head: String, start: String, hasID: Bool, rest: String) {
        let id = hasID ? "\(RequestTemplate.firstID)" : ""
        let length = start.utf8.count + id.utf8.count + rest.utf8.count
        let beforeBody = head + "Content-Length: \(length)\r\n\r\n"
        bytes = ByteBuffer(string: beforeBody + start + id + rest)
        idOffset = hasID ? beforeBody.utf8.count + start.utf8.count : nil
    }

    /// Writes `id`, which has `idDigits` digits, into a buffer that holds a copy of `bytes`.
    func set(_ id: Int, in buffer: inout ByteBuffer) {
        guard let idOffset else { return }
        var digits = InlineArray<12, UInt8>(repeating: 0)
        var rest = id
        for index in digits.indices.reversed() {
            digits[index] = UInt8(truncatingIfNeeded: rest % 10) &+ 0x30
            rest /= 10
        }
        digits.span.withUnsafeBytes { raw in
            _ = buffer.setBytes(raw, at: buffer.readerIndex + idOffset)
        }
    }
}
