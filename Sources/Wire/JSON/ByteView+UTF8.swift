extension ByteView {
    /// No bytes.
    static var empty: ByteView { ByteView(UnsafeRawBufferPointer(start: nil, count: 0)) }

    /// Whether the bytes are well-formed UTF-8 (Unicode, table 3-7): nothing overlong, no surrogates, nothing beyond
    /// U+10FFFF, nothing cut.
    public var isValidUTF8: Bool {
        let scanner = JSONScanner(self)
        var offset = 0
        while offset < count {
            if let word = word(at: offset), word & 0x8080_8080_8080_8080 == 0 {
                offset &+= 8
            } else if self[offset] < 0x80 {
                offset &+= 1
            } else if let end = try? scanner.multibyte(offset) {
                offset = end
            } else {
                return false
            }
        }
        return true
    }
}
