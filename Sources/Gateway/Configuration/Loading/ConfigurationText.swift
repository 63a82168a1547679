/// The text of a configuration file, checked for everything that must not reach a YAML parser.
struct ConfigurationText {
    /// Valid Unicode without byte order mark and without characters that YAML forbids.
    private(set) var text: String

    /// The largest file that is read (reliability 10).
    static let maximumByteCount = 1_048_576

    /// Checks the bytes of a file.
    ///
    /// - Throws: the first thing that is wrong, with its position.
    init(_ bytes: [UInt8]) throws(ConfigurationProblem) {
        guard bytes.count <= Self.maximumByteCount else { throw .tooLarge }
        let body = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
        guard let text = String(validating: body, as: UTF8.self) else {
            let good = String(decoding: body.prefix(Self.validPrefixCount(body)), as: UTF8.self)
            throw ConfigurationProblem(at: good.position(of: good.endIndex), "is not a text file in UTF-8")
        }
        self.text = text
        try checkCharacters()
        try checkLineStarts()
        try checkAliases()
    }

    /// Puts a private character in the place of the first character of the name at `position`, so that a parser takes it
    /// for another name.
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

    /// The characters of YAML 1.2 §5.1, and no byte order mark in the middle.
    private func checkCharacters() throws(ConfigurationProblem) {
        for index in text.unicodeScalars.indices {
            let value = text.unicodeScalars[index].value
            switch value {
            case 0x09, 0x0A, 0x0D, 0x20...0x7E, 0x85, 0xA0...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD,
                0x10000...0x10FFFF:
                continue
            default:
                let number = String(value, radix: 16, uppercase: true)
                let name = String(repeating: "0", count: max(0, 4 - number.count)) + number
                throw ConfigurationProblem(
                    at: text.position(of: index), "is not a text file: it contains the character U+\(name)")
            }
        }
    }

    /// Directives are not for configuration files, and thousands of them would cost a parser quadratic time.
    private func checkLineStarts() throws(ConfigurationProblem) {
        var isLineStart = true
        for index in text.utf8.indices {
            let byte = text.utf8[index]
            if isLineStart, byte == UInt8(ascii: "%"), !text[index...].utf8.starts(with: "%YAML 1.".utf8) {
                throw ConfigurationProblem(at: text.position(of: index), "YAML directives are not supported")
            }
            isLineStart = byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
        }
    }

    /// Aliases could make a small file stand for a huge one, and a parser that compares them never ends. An alias needs an
    /// anchor of its name, so a text without such a pair has none, whatever is quoted or a comment.
    private func checkAliases() throws(ConfigurationProblem) {
        guard text.utf8.contains(UInt8(ascii: "*")), text.utf8.contains(UInt8(ascii: "&")) else { return }
        let anchors = Set(names(after: UInt8(ascii: "&")).map(\.name))
        guard let alias = names(after: UInt8(ascii: "*")).first(where: { anchors.contains($0.name) }) else { return }
        throw ConfigurationProblem(at: text.position(of: alias.index), "YAML anchors and aliases are not supported")
    }

    /// The names of anchors or aliases, and where their sign stands.
    private func names(after sign: UInt8) -> [(name: Substring, index: String.Index)] {
        var found: [(Substring, String.Index)] = []
        let bytes = text.utf8
        var index = bytes.startIndex
        while let start = bytes[index...].firstIndex(of: sign) {
            index = bytes.index(after: start)
            let rest = bytes[index...]
            let end = rest.firstIndex { !$0.isASCIILetterOrDigit && $0 != 0x5F && $0 != 0x2D } ?? rest.endIndex
            if end > index { found.append((text[index..<end], start)) }
        }
        return found
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
    /// The place of an index, counted in lines as YAML ends them (§5.4, and the two of YAML 1.1 that parsers still know).
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
