/// The text of a configuration file, checked for everything that must not reach a YAML parser.
package struct ConfigurationText {
    /// Valid Unicode without byte order mark and without characters that YAML forbids.
    private(set) var text: String

    /// The largest file that is read (reliability 10).
    package static let maximumByteCount = 1_048_576

    /// Checks the bytes of a file.
    ///
    /// - Throws: the first thing that is wrong, with its position.
    init(_ bytes: [UInt8]) throws(ConfigurationProblem) {
        guard bytes.count <= Self.maximumByteCount else { throw .tooLarge }
        let body = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
        guard let text = String(validating: body, as: UTF8.self) else {
            let good = body.prefix(Self.validPrefixCount(body))
            try Self.checkCharacters(good)
            throw ConfigurationProblem(at: Self.position(in: body, at: good.endIndex), "is not a text file in UTF-8")
        }
        self.text = text
        try Self.checkCharacters(body)
        try Self.checkLineStarts(body)
        try Self.checkAliases(body)
    }

    /// Puts a private character in the place of the first character of the name at `position`, so that a parser takes
    /// it for another name.
    ///
    /// - Returns: whether there was such a character: a letter or a digit.
    mutating func maskName(at position: ConfigurationPosition) -> Bool {
        var scalars = text.unicodeScalars
        guard var index = text.index(of: position), index < scalars.endIndex else { return false }
        if scalars[index] == "\"" || scalars[index] == "'" { index = scalars.index(after: index) }
        guard index < scalars.endIndex, scalars[index].isASCII,
            UInt8(truncatingIfNeeded: scalars[index].value).isASCIILetterOrDigit
        else { return false }
        // Each one another, because a name may be there three times.
        masks += 1
        guard let mask = Unicode.Scalar(0xE000 + masks) else { return false }
        scalars.replaceSubrange(index...index, with: CollectionOfOne(mask))
        text = String(scalars)
        return true
    }

    private var masks: UInt32 = 0

    /// What YAML 1.2 §5.1 forbids: control characters other than tab and line ends, byte order marks in the middle, and
    /// U+FFFE and U+FFFF. The bytes are valid UTF-8.
    private static func checkCharacters(_ bytes: ArraySlice<UInt8>) throws(ConfigurationProblem) {
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            let isForbidden =
                switch byte {
                case 0x09, 0x0A, 0x0D, 0x20...0x7E: false
                case 0x00...0x1F, 0x7F: true
                case 0xC2: bytes[index + 1] < 0xA0 && bytes[index + 1] != 0x85
                case 0xEF:
                    bytes[index + 1] == 0xBB && bytes[index + 2] == 0xBF
                        || bytes[index + 1] == 0xBF && bytes[index + 2] >= 0xBE
                default: false
                }
            if isForbidden {
                let value = String(decoding: bytes[index...].prefix(4), as: UTF8.self).unicodeScalars.first?.value ?? 0
                let number = String(value, radix: 16, uppercase: true)
                let name = String(repeating: "0", count: max(0, 4 - number.count)) + number
                throw ConfigurationProblem(
                    at: position(in: bytes, at: index), "is not a text file: it contains the character U+\(name)")
            }
            index += 1
        }
    }

    /// Directives are not for configuration files, and thousands of them would cost a parser quadratic time.
    private static func checkLineStarts(_ bytes: ArraySlice<UInt8>) throws(ConfigurationProblem) {
        var isLineStart = true
        for index in bytes.indices {
            let byte = bytes[index]
            if isLineStart, byte == UInt8(ascii: "%"), !bytes[index...].starts(with: "%YAML 1.".utf8) {
                throw ConfigurationProblem(at: position(in: bytes, at: index), "YAML directives are not supported")
            }
            isLineStart = byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
        }
    }

    /// Aliases could make a small file stand for a huge one, and a parser that compares them never ends. An alias needs
    /// an anchor of its name, so a text without such a pair has none, whatever is quoted or a comment.
    private static func checkAliases(_ bytes: ArraySlice<UInt8>) throws(ConfigurationProblem) {
        let aliases = names(after: UInt8(ascii: "*"), in: bytes)
        guard !aliases.isEmpty else { return }
        let anchors = Set(names(after: UInt8(ascii: "&"), in: bytes).map(\.name))
        guard let alias = aliases.first(where: { anchors.contains($0.name) }) else { return }
        throw ConfigurationProblem(
            at: position(in: bytes, at: alias.index), "YAML anchors and aliases are not supported")
    }

    /// The names of anchors or aliases, and where their sign stands.
    private static func names(
        after sign: UInt8, in bytes: ArraySlice<UInt8>
    ) -> [(name: ArraySlice<UInt8>, index: Int)] {
        var found: [(ArraySlice<UInt8>, Int)] = []
        var index = bytes.startIndex
        while let start = bytes[index...].firstIndex(of: sign) {
            index = start + 1
            let name = bytes[index...].prefix { $0.isASCIILetterOrDigit || $0 == 0x5F || $0 == 0x2D }
            if !name.isEmpty { found.append((name, start)) }
        }
        return found
    }

    private static func position(in bytes: ArraySlice<UInt8>, at index: Int) -> ConfigurationPosition {
        let text = String(decoding: bytes[..<index], as: UTF8.self)
        return text.position(of: text.endIndex)
    }

    /// How many of the first bytes are whole, valid characters.
    private static func validPrefixCount(_ bytes: ArraySlice<UInt8>) -> Int {
        // Validity of a prefix is monotonic but for a character that is cut at its end, which is at most three bytes.
        var low = 0
        var high = bytes.count
        while low < high {
            let middle = (low + high + 1) / 2
            let isValid = (0...3).contains { cut in
                cut <= middle && String(validating: bytes.prefix(middle - cut), as: UTF8.self) != nil
            }
            if isValid { low = middle } else { high = middle - 1 }
        }
        while low > 0, String(validating: bytes.prefix(low), as: UTF8.self) == nil { low -= 1 }
        return low
    }
}

extension String {
    /// The place of an index, counted in lines as YAML ends them (§5.4, and the ends of YAML 1.1 that parsers know).
    func position(of index: Index) -> ConfigurationPosition {
        var line = 1
        var column = 1
        var previous: Unicode.Scalar = " "
        for scalar in unicodeScalars[..<index] {
            if scalar.isLineEnd {
                if !(previous == "\r" && scalar == "\n") { line += 1 }
                column = 1
            } else {
                column += 1
            }
            previous = scalar
        }
        return ConfigurationPosition(line: line, column: column)
    }

    /// The index of a place; nil when the text has no such place.
    func index(of position: ConfigurationPosition) -> Index? {
        var line = 1
        var column = 1
        var previous: Unicode.Scalar = " "
        for index in unicodeScalars.indices {
            if line == position.line, column == position.column { return index }
            let scalar = unicodeScalars[index]
            if scalar.isLineEnd {
                if !(previous == "\r" && scalar == "\n") { line += 1 }
                column = 1
            } else {
                column += 1
            }
            previous = scalar
        }
        return nil
    }
}

extension Unicode.Scalar {
    fileprivate var isLineEnd: Bool {
        switch value {
        case 0x0A, 0x0D, 0x85, 0x2028, 0x2029: true
        default: false
        }
    }
}
