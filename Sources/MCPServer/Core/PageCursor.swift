import Wire

/// Cursors of lists that never change: the number of a page, in a form that invites nobody to compute with it.
enum PageCursor {
    private static let prefix = Array("page ".utf8)

    /// The cursor of the page with this number.
    static func text(_ index: Int) -> String {
        var text: [UInt8] = []
        (prefix + Array(String(index).utf8)).withUnsafeBytes { Base64.encode(ByteView($0), into: &text) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The number of the page whose cursor this is; `nil` if it is none.
    static func index(_ text: [UInt8]) -> Int? {
        guard let decoded = text.withUnsafeBytes({ Base64.decode(ByteView($0)) }), decoded.starts(with: prefix) else {
            return nil
        }
        let digits = decoded.dropFirst(prefix.count)
        // One spelling for each page, and no number that would not fit.
        guard (1...9).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }), digits.first != 0x30
        else { return nil }
        return Int(String(decoding: digits, as: UTF8.self))
    }
}
