extension Setting {
    /// All settings, with names, meanings and defaults, for the help of the command that has no options of its own.
    static var table: String {
        Setting.allCases.map(\.lines).joined(separator: "\n")
    }

    private var lines: String {
        let (text, value) = description
        let names = [flag.map { "--\($0) <\(value)>" }, variable].compactMap(\.self).joined(separator: ", ")
        // The default stays on one line.
        let words = text.split(separator: " ").map(String.init) + (standard.map { ["(default: \($0))"] } ?? [])
        return "  \(names)\n" + Setting.wrapped(words, indent: "        ")
    }

    /// The words in lines of at most 80 characters.
    private static func wrapped(_ words: [String], indent: String) -> String {
        var lines: [String] = []
        for word in words {
            if let last = lines.last, last.count + word.count < 80 {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(indent + word)
            }
        }
        return lines.joined(separator: "\n")
    }
}
