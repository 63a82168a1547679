/// Writes an effective configuration as YAML in block style. Behind each value stands where it came from, below each
/// other as far as the lines allow it.
struct ExplainedYAML {
    /// One line: something that counts, or a remark, or both.
    private struct Line {
        var indentation: Int
        var text: String
        var remark: String?
    }

    private let file: String
    private var lines: [Line] = []

    /// No remark stands further to the right, unless its own line is longer.
    private static let maximumColumn = 44

    init(_ explained: ExplainedConfiguration) {
        file = YAMLText.comment(explained.file)
        add(remark: "The configuration in effect, as \(file) and the defaults make it. Behind each value stands where")
        add(remark: "it came from; of secrets only that is shown. This text loads as the same configuration.")
        guard case .group(let keys) = explained.value.content else { return }
        var wasBlock = true
        for key in keys {
            let start = lines.count
            write(key, indentation: 0)
            let isBlock = lines.count > start + 1
            if isBlock || wasBlock { lines.insert(Line(indentation: 0, text: ""), at: start) }
            wasBlock = isBlock
        }
    }

    /// The text, with a line end.
    var text: String {
        let widths = lines.filter { $0.remark != nil && !$0.text.isEmpty }.map { $0.indentation + $0.text.count }
        let column = min(widths.max() ?? 0, Self.maximumColumn) + 2
        return lines.map { Self.text($0, column: column) + "\n" }.joined()
    }

    private static func text(_ line: Line, column: Int) -> String {
        if line.text.isEmpty, line.remark == nil { return "" }
        let text = String(repeating: " ", count: line.indentation) + line.text
        guard let remark = line.remark else { return text }
        if line.text.isEmpty { return "\(text)# \(remark)" }
        return text + String(repeating: " ", count: max(2, column - text.count)) + "# \(remark)"
    }

    private mutating func add(remark text: String, indentation: Int = 0) {
        lines.append(Line(indentation: indentation, text: "", remark: text))
    }

    private mutating func write(_ key: ExplainedKey, indentation: Int) {
        let name = YAMLText.scalar(key.name)
        guard let value = key.value else {
            add(remark: "\(name): absent" + (key.absence.map { " (\($0))" } ?? ""), indentation: indentation)
            return
        }
        let parts = [value.isLeaf ? origin(of: value) : nil, key.limitation].compactMap(\.self)
        let remark = parts.isEmpty ? nil : parts.joined(separator: "; ")
        let text = value.isLeaf ? "\(name): \(value.leafText)" : "\(name):"
        lines.append(Line(indentation: indentation, text: text, remark: remark))
        writeParts(of: value, indentation: indentation + 2)
    }

    /// What is written below the line of a key.
    private mutating func writeParts(of value: ExplainedValue, indentation: Int) {
        switch value.content {
        case .scalar, .secret: break
        case .list(let elements): for element in elements { write(element.value, indentation: indentation) }
        case .group(let keys), .named(let keys): for key in keys { write(key, indentation: indentation) }
        }
    }

    /// An element of a list.
    private mutating func write(_ value: ExplainedValue, indentation: Int) {
        if value.isLeaf {
            lines.append(Line(indentation: indentation, text: "- \(value.leafText)", remark: origin(of: value)))
            return
        }
        let start = lines.count
        writeParts(of: value, indentation: indentation + 2)
        // The dash stands before the first key; a remark cannot carry it.
        if lines[start].text.isEmpty {
            lines.insert(Line(indentation: indentation, text: "-"), at: start)
        } else {
            lines[start].indentation = indentation
            lines[start].text = "- " + lines[start].text
        }
    }

    private func origin(of value: ExplainedValue) -> String {
        let place = value.origin.text(file: file)
        guard case .secret(let secret) = value.content else { return place }
        return "\(place); \(secret.remark)"
    }
}

extension ExplainedValue {
    /// Whether it is written on one line: all but groups and lists with something in them.
    fileprivate var isLeaf: Bool {
        switch content {
        case .scalar, .secret: true
        case .list(let elements): elements.isEmpty
        case .group(let keys), .named(let keys): keys.allSatisfy { $0.value == nil }
        }
    }

    /// How it is written on one line.
    fileprivate var leafText: String {
        switch content {
        case .scalar(let text, let isText): isText ? YAMLText.scalar(text) : text
        case .secret(let secret): YAMLText.scalar(secret.reference.text)
        case .list: "[]"
        case .group, .named: "{}"
        }
    }
}
