import NIOCore
import Wire

/// JSON text for the few strings and objects that a report or a request holds.
enum JSONLiteral {
    /// A string with its quotes (RFC 8259 §7).
    static func string(_ text: String) -> String {
        var literal = ByteBuffer()
        literal.writeJSONString(text)
        return String(buffer: literal)
    }

    /// An object; the values are JSON already.
    static func object(_ members: [(name: String, value: String)]) -> String {
        "{" + members.map { "\(string($0.name)):\($0.value)" }.joined(separator: ",") + "}"
    }

    /// A number with `places` decimal places; `null` when it is not finite.
    static func number(_ value: Double, places: Int) -> String {
        guard value.isFinite else { return "null" }
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = (value.magnitude * scale).rounded()
        guard scaled < 9e15 else { return "\(value)" }
        let digits = String(Int64(scaled))
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard places > 0 else { return sign + padded }
        return "\(sign)\(padded.dropLast(places)).\(padded.suffix(places))"
    }
}
