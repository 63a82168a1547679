public import NIOCore
public import Wire

/// The id of a session: 128 unpredictable bits, written as 32 lower-case hexadecimal digits.
///
/// Says that its holder was given it, and nothing more: a session is no proof of who calls (MCP, Security).
public struct SessionID: Hashable, Sendable {
    private let high: UInt64
    private let low: UInt64

    /// A new id, from the operating system's generator.
    public static func random() -> SessionID {
        var generator = SystemRandomNumberGenerator()
        return SessionID(high: generator.next(), low: generator.next())
    }

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The id that `text` spells, if it is exactly 32 lower-case hexadecimal digits.
    public init?(_ text: ByteView) {
        guard text.count == 32 else { return nil }
        var halves: (UInt64, UInt64) = (0, 0)
        for offset in 0..<32 {
            let digit: UInt8
            switch text[offset] {
            case let byte where byte &- 0x30 < 10: digit = byte &- 0x30
            case let byte where byte &- 0x61 < 6: digit = byte &- 0x61 &+ 10
            default: return nil
            }
            if offset < 16 {
                halves.0 = halves.0 << 4 | UInt64(digit)
            } else {
                halves.1 = halves.1 << 4 | UInt64(digit)
            }
        }
        self.init(high: halves.0, low: halves.1)
    }

    /// Appends the 32 digits.
    public func write(into buffer: inout ByteBuffer) {
        for half in [high, low] {
            for shift in stride(from: 60, through: 0, by: -4) {
                let digit = UInt8(truncatingIfNeeded: half >> UInt64(shift)) & 15
                buffer.writeInteger(digit < 10 ? digit &+ 0x30 : digit &+ 0x57)
            }
        }
    }
}
