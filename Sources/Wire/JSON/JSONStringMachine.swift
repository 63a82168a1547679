/// The inside of a JSON string, byte by byte: UTF-8 and escapes (RFC 8259 §7; Unicode, table 3-7).
///
/// ```
/// plain ──▶ continuation(1…3) ──▶ plain
///   └─────▶ escape ──▶ hex(4) ──▶ plain, or for half of a pair:
///                        └──▶ lowBackslash ──▶ lowLetter ──▶ hex(4) ──▶ plain
/// ```
struct JSONStringMachine {
    /// What a byte has brought.
    enum Step {
        /// Nothing whole.
        case nothing
        /// The UTF-8 bytes of a character, or one of a character beyond ASCII; the first byte lowest.
        case character(UInt32)
        /// The closing quote.
        case end
        /// The byte cannot stand here.
        case invalid
    }

    private enum State {
        case plain, continuation, escape, hex, lowBackslash, lowLetter
    }

    private var state = State.plain
    /// How many bytes of a character, or digits of an escape, are still to come.
    private var remaining = 0
    /// What the next byte of a character must be within.
    private var lowest: UInt8 = 0x80
    private var highest: UInt8 = 0xBF
    private var unit: UInt32 = 0
    /// The first half of a pair, or 0.
    private var highSurrogate: UInt32 = 0

    /// Whether the next byte begins a character or an escape, or ends the string.
    var isPlain: Bool { state == .plain }

    /// Takes the next byte.
    mutating func step(_ byte: UInt8) -> Step {
        switch state {
        case .plain:
            return begin(byte)
        case .continuation:
            guard byte >= lowest, byte <= highest else { return .invalid }
            (lowest, highest) = (0x80, 0xBF)
            remaining &-= 1
            if remaining == 0 { state = .plain }
            return .character(UInt32(byte))
        case .escape:
            if byte == UInt8(ascii: "u") {
                beginHex()
                return .nothing
            }
            guard let character = JSONUnescaper.character(for: byte) else { return .invalid }
            state = .plain
            return .character(UInt32(character))
        case .hex:
            guard let digit = HTTPCharacters.hexValue(byte) else { return .invalid }
            unit = unit &<< 4 | UInt32(digit)
            remaining &-= 1
            return remaining == 0 ? endHex() : .nothing
        case .lowBackslash:
            guard byte == UInt8(ascii: "\\") else { return .invalid }
            state = .lowLetter
            return .nothing
        case .lowLetter:
            guard byte == UInt8(ascii: "u") else { return .invalid }
            beginHex()
            return .nothing
        }
    }

    private mutating func begin(_ byte: UInt8) -> Step {
        switch byte {
        case UInt8(ascii: "\""): return .end
        case UInt8(ascii: "\\"):
            state = .escape
            return .nothing
        case ..<0x20: return .invalid
        case ..<0x80: return .character(UInt32(byte))
        case 0xC2...0xDF: remaining = 1
        case 0xE0...0xEF: remaining = 2
        case 0xF0...0xF4: remaining = 3
        default: return .invalid
        }
        state = .continuation
        switch byte {
        case 0xE0: lowest = 0xA0
        case 0xED: highest = 0x9F
        case 0xF0: lowest = 0x90
        case 0xF4: highest = 0x8F
        default: break
        }
        return .character(UInt32(byte))
    }

    private mutating func beginHex() {
        state = .hex
        remaining = 4
        unit = 0
    }

    private mutating func endHex() -> Step {
        if highSurrogate != 0 {
            guard unit & 0xFC00 == 0xDC00 else { return .invalid }
            let scalar = 0x10000 &+ ((highSurrogate & 0x3FF) &<< 10) &+ (unit & 0x3FF)
            highSurrogate = 0
            state = .plain
            return .character(JSONUnescaper.utf8(scalar))
        }
        switch unit & 0xFC00 {
        case 0xDC00:
            return .invalid
        case 0xD800:
            highSurrogate = unit
            state = .lowBackslash
            return .nothing
        default:
            state = .plain
            return .character(JSONUnescaper.utf8(unit))
        }
    }
}
