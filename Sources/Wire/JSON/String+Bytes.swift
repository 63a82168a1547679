extension String {
    /// Whether both strings have the same UTF-8 bytes; `==` would ignore how characters are composed.
    func hasSameBytes(as other: String) -> Bool {
        utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
    }
}

extension Hasher {
    /// Feeds the UTF-8 bytes of a string, and an end.
    mutating func combineBytes(of text: String) {
        for byte in text.utf8 { combine(byte) }
        combine(0xFF as UInt8)
    }
}
