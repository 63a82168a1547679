import Wire

/// Texts in header values: what was encoded is decoded as it was, and never has a byte that a header must not have.
enum HeaderTextFuzzer {
    /// A value of a peer, and the same bytes as a text of our own.
    static func value(_ input: ByteView) {
        if let decoded = MCPHeaderText.decode(input) { roundTrip(decoded) }
        if input.isValidUTF8 { roundTrip(input.bytes, isOurs: true) }
    }

    private static func roundTrip(_ text: [UInt8], isOurs: Bool = false) {
        var value: [UInt8] = []
        text.withUnsafeBytes { MCPHeaderText.encode(ByteView($0), into: &value) }
        for byte in value { precondition(byte >= 0x20 && byte < 0x7F || byte == 0x09, "a byte no header has") }
        let decoded = value.withUnsafeBytes { MCPHeaderText.decode(ByteView($0)) }
        // A text of our own may hold controls, which nobody accepts from a header.
        guard let decoded else { return precondition(isOurs && text.contains { $0 < 0x20 || $0 == 0x7F }) }
        precondition(decoded == text, "a text comes back as another")
    }
}
