/// What a value may be, as far as people, editors and documents want to know it.
indirect enum ConfigurationKind: Sendable {
    /// `true` or `false`.
    case boolean
    /// A whole number.
    case integer(ClosedRange<Int>)
    /// `250ms`, `10s`, `5m`, `1h`.
    case duration(ClosedRange<Duration>)
    /// `64KiB`, `4MiB`; in bytes.
    case size(ClosedRange<Int>)
    /// `20%`; in percent.
    case share(ClosedRange<Int>)
    /// One of a few words.
    case choice([String])
    /// Text of a certain form.
    case text(TextForm)
    /// The one or the other.
    case either([ConfigurationKind])
    /// Values in a row, so many of them.
    case list(ConfigurationKind, ClosedRange<Int>)
    /// A group of keys.
    case section(ConfigurationOutline)
    /// Groups of keys under names of one's own, so many of them.
    case named(ConfigurationOutline, TextForm, ClosedRange<Int>)

    /// Text of a certain form.
    struct TextForm: Sendable {
        /// What it is called, as in "must be an address".
        let name: String
        /// How it looks.
        let example: String
        /// A regular expression (ECMA-262) that every such text matches. It may match others too.
        let pattern: String
    }

    /// Whether such a value, written as `text`, is text, and no number and no truth value.
    func isText(_ text: String) -> Bool {
        switch self {
        case .boolean, .integer: false
        case .either(let kinds): kinds.allSatisfy { $0.isText(text) } || Quantity(text)?.unit.isEmpty != true
        case .duration, .size, .share, .choice, .text, .list, .section, .named: true
        }
    }

    /// The word for it in a table.
    var typeText: String {
        switch self {
        case .boolean: "boolean"
        case .integer: "number"
        case .duration: "duration"
        case .size: "size"
        case .share: "share"
        case .choice(let words): words.map { "`\($0)`" }.joined(separator: ", ")
        case .text(let form): form.name
        case .either(let kinds): kinds.map(\.typeText).joined(separator: " or ")
        case .list(let element, _): "list of: \(element.typeText)"
        case .section: "group"
        case .named: "groups by name"
        }
    }

    /// The bounds, for a table; empty without any.
    var rangeText: String {
        switch self {
        case .boolean, .choice, .section: ""
        case .integer(let range): "\(range.lowerBound)…\(range.upperBound)"
        case .duration(let range): "\(range.lowerBound.configurationText)…\(range.upperBound.configurationText)"
        case .size(let range): "\(range.lowerBound.sizeText)…\(range.upperBound.sizeText)"
        case .share(let range): "\(range.lowerBound)%…\(range.upperBound)%"
        case .text(let form): "as `\(form.example)`"
        case .named(_, let form, _): "names as `\(form.example)`"
        case .either(let kinds): kinds.map(\.rangeText).filter { !$0.isEmpty }.joined(separator: "; ")
        case .list(let element, let count):
            "\(count.lowerBound)…\(count.upperBound) of them"
                + (element.rangeText.isEmpty ? "" : ", \(element.rangeText)")
        }
    }
}
