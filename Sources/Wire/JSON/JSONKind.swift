/// The six kinds of JSON values (RFC 8259 §3).
public enum JSONKind: UInt8, Hashable, Sendable {
    case object, array, string, number, bool, null

    /// The kind of the value that begins with `byte`; `nil` where no value can begin.
    @inline(__always)
    init?(firstByte byte: UInt8) {
        switch byte {
        case UInt8(ascii: "{"): self = .object
        case UInt8(ascii: "["): self = .array
        case UInt8(ascii: "\""): self = .string
        case UInt8(ascii: "-"), 0x30...0x39: self = .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"): self = .bool
        case UInt8(ascii: "n"): self = .null
        default: return nil
        }
    }
}
