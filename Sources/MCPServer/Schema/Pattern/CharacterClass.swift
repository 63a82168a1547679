/// A set of code points, as a pattern names it.
struct CharacterClass: Sendable {
    /// What the set is made of.
    indirect enum Part: Sendable {
        case range(ClosedRange<UInt32>)
        case nested(CharacterClass)
        /// All code points of these general categories, as bits; or all others.
        case categories(UInt32, isNegated: Bool)
        /// All code points of a binary property, or all others.
        case property(BinaryProperty, isNegated: Bool)
    }

    /// Properties of Unicode that patterns can ask for beside general categories.
    enum BinaryProperty: Sendable {
        case alphabetic, uppercase, lowercase, whiteSpace, emoji
    }

    private let parts: [Part]
    private let isNegated: Bool
    /// Which ASCII characters are in the set: most texts need no more.
    private var ascii: (low: UInt64, high: UInt64) = (0, 0)

    /// The code points of all `parts`, or all others.
    init(_ parts: [Part], isNegated: Bool = false) {
        self.parts = parts
        self.isNegated = isNegated
        for scalar in 0..<UInt32(64) {
            if isAmong(scalar) { ascii.low |= 1 &<< UInt64(scalar) }
            if isAmong(scalar &+ 64) { ascii.high |= 1 &<< UInt64(scalar) }
        }
    }

    /// Whether the code point is in the set.
    func contains(_ scalar: UInt32) -> Bool {
        if scalar < 64 { return ascii.low &>> UInt64(scalar) & 1 == 1 }
        if scalar < 128 { return ascii.high &>> UInt64(scalar &- 64) & 1 == 1 }
        return isAmong(scalar)
    }

    private func isAmong(_ scalar: UInt32) -> Bool {
        for part in parts where CharacterClass.holds(part, scalar) { return !isNegated }
        return isNegated
    }

    private static func holds(_ part: Part, _ scalar: UInt32) -> Bool {
        switch part {
        case .range(let range):
            range.contains(scalar)
        case .nested(let other):
            other.contains(scalar)
        case .categories(let bits, let isNegated):
            Unicode.Scalar(scalar).map { bits &>> $0.properties.generalCategory.bit & 1 == 1 } != isNegated
        case .property(let property, let isNegated):
            Unicode.Scalar(scalar).map { has($0.properties, property) } != isNegated
        }
    }

    private static func has(_ properties: Unicode.Scalar.Properties, _ property: BinaryProperty) -> Bool {
        switch property {
        case .alphabetic: properties.isAlphabetic
        case .uppercase: properties.isUppercase
        case .lowercase: properties.isLowercase
        case .whiteSpace: properties.isWhitespace
        case .emoji: properties.isEmoji
        }
    }

    // MARK: The classes of ECMAScript

    /// `\d`.
    static let digits: [Part] = [.range(0x30...0x39)]
    /// `\w`.
    static let words: [Part] = [.range(0x30...0x39), .range(0x41...0x5A), .range(0x5F...0x5F), .range(0x61...0x7A)]
    /// `\s`: `WhiteSpace` and `LineTerminator`.
    static let spaces: [Part] = [
        .range(0x09...0x0D), .range(0x20...0x20), .range(0xA0...0xA0), .range(0xFEFF...0xFEFF),
        .range(0x2028...0x2029), .categories(1 &<< Unicode.GeneralCategory.spaceSeparator.bit, isNegated: false),
    ]
    /// What `.` does not match.
    static let lineEnds: [Part] = [.range(0x0A...0x0A), .range(0x0D...0x0D), .range(0x2028...0x2029)]

    /// Whether `\w` matches.
    static func isWord(_ scalar: UInt32) -> Bool {
        words.contains { holds($0, scalar) }
    }

    /// The class `\p{name}`; `nil` for a property that is not known here.
    static func property(_ name: String, isNegated: Bool) -> Part? {
        switch name {
        case "Any": return isNegated ? .categories(0, isNegated: false) : .range(0...0x10FFFF)
        case "ASCII": return isNegated ? .range(0x80...0x10FFFF) : .range(0...0x7F)
        case "Alphabetic", "Alpha": return .property(.alphabetic, isNegated: isNegated)
        case "Uppercase", "Upper": return .property(.uppercase, isNegated: isNegated)
        case "Lowercase", "Lower": return .property(.lowercase, isNegated: isNegated)
        case "White_Space", "space": return .property(.whiteSpace, isNegated: isNegated)
        case "Emoji": return .property(.emoji, isNegated: isNegated)
        default: break
        }
        var category = name
        for prefix in ["General_Category=", "gc="] where name.hasPrefix(prefix) {
            category = String(name.dropFirst(prefix.count))
        }
        let matching = Unicode.GeneralCategory.names.filter { entry in
            entry.short == category || entry.long == category || entry.short.prefix(1) == category
                || entry.group == category
        }
        guard !matching.isEmpty else { return nil }
        return .categories(matching.reduce(0) { $0 | 1 &<< $1.category.bit }, isNegated: isNegated)
    }
}

extension Unicode.GeneralCategory {
    /// The categories by their names in patterns (UAX #44, table 12), and the names of their groups.
    fileprivate static let names: [(category: Unicode.GeneralCategory, short: String, long: String, group: String)] = [
        (.uppercaseLetter, "Lu", "Uppercase_Letter", "Letter"), (.lowercaseLetter, "Ll", "Lowercase_Letter", "Letter"),
        (.titlecaseLetter, "Lt", "Titlecase_Letter", "Letter"), (.modifierLetter, "Lm", "Modifier_Letter", "Letter"),
        (.otherLetter, "Lo", "Other_Letter", "Letter"), (.nonspacingMark, "Mn", "Nonspacing_Mark", "Mark"),
        (.spacingMark, "Mc", "Spacing_Mark", "Mark"), (.enclosingMark, "Me", "Enclosing_Mark", "Mark"),
        (.decimalNumber, "Nd", "Decimal_Number", "Number"), (.letterNumber, "Nl", "Letter_Number", "Number"),
        (.otherNumber, "No", "Other_Number", "Number"),
        (.connectorPunctuation, "Pc", "Connector_Punctuation", "Punctuation"),
        (.dashPunctuation, "Pd", "Dash_Punctuation", "Punctuation"),
        (.openPunctuation, "Ps", "Open_Punctuation", "Punctuation"),
        (.closePunctuation, "Pe", "Close_Punctuation", "Punctuation"),
        (.initialPunctuation, "Pi", "Initial_Punctuation", "Punctuation"),
        (.finalPunctuation, "Pf", "Final_Punctuation", "Punctuation"),
        (.otherPunctuation, "Po", "Other_Punctuation", "Punctuation"), (.mathSymbol, "Sm", "Math_Symbol", "Symbol"),
        (.currencySymbol, "Sc", "Currency_Symbol", "Symbol"), (.modifierSymbol, "Sk", "Modifier_Symbol", "Symbol"),
        (.otherSymbol, "So", "Other_Symbol", "Symbol"), (.spaceSeparator, "Zs", "Space_Separator", "Separator"),
        (.lineSeparator, "Zl", "Line_Separator", "Separator"),
        (.paragraphSeparator, "Zp", "Paragraph_Separator", "Separator"), (.control, "Cc", "Control", "Other"),
        (.format, "Cf", "Format", "Other"), (.surrogate, "Cs", "Surrogate", "Other"),
        (.privateUse, "Co", "Private_Use", "Other"), (.unassigned, "Cn", "Unassigned", "Other"),
    ]

    /// The category's place in a set of bits.
    fileprivate var bit: UInt32 {
        switch self {
        case .uppercaseLetter: 0
        case .lowercaseLetter: 1
        case .titlecaseLetter: 2
        case .modifierLetter: 3
        case .otherLetter: 4
        case .nonspacingMark: 5
        case .spacingMark: 6
        case .enclosingMark: 7
        case .decimalNumber: 8
        case .letterNumber: 9
        case .otherNumber: 10
        case .connectorPunctuation: 11
        case .dashPunctuation: 12
        case .openPunctuation: 13
        case .closePunctuation: 14
        case .initialPunctuation: 15
        case .finalPunctuation: 16
        case .otherPunctuation: 17
        case .mathSymbol: 18
        case .currencySymbol: 19
        case .modifierSymbol: 20
        case .otherSymbol: 21
        case .spaceSeparator: 22
        case .lineSeparator: 23
        case .paragraphSeparator: 24
        case .control: 25
        case .format: 26
        case .surrogate: 27
        case .privateUse: 28
        case .unassigned: 29
        @unknown default: 31
        }
    }
}
