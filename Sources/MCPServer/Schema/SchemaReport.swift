import Wire

/// What a check has found wrong so far, and where it is.
struct SchemaReport {
    /// A step from a value to one in it.
    enum Step {
        case name(JSONText)
        case element(Int)
    }

    /// How many violations are taken.
    let limit: Int
    /// Those that were found, in order.
    private(set) var violations: [SchemaViolation] = []
    private var path: [Step] = []

    /// A report of at most `limit` violations.
    init(limit: Int) {
        self.limit = limit
    }

    /// Whether nothing more would be taken.
    var isFull: Bool { violations.count >= limit }

    /// The same place, with nothing wrong yet.
    func fresh(limit: Int) -> SchemaReport {
        var report = SchemaReport(limit: limit)
        report.path = path
        return report
    }

    /// Goes into a value of the current one.
    mutating func enter(_ step: Step) {
        path.append(step)
    }

    /// Goes back out.
    mutating func leave() {
        _ = path.popLast()
    }

    /// Adds a violation at the current place.
    mutating func add(_ message: String, _ bytes: ByteView) {
        guard !isFull else { return }
        violations.append(SchemaViolation(path: path(bytes), message: SchemaReport.shown(message, 400)))
    }

    /// The current place as a JSON Pointer, cut when it is long.
    func path(_ bytes: ByteView) -> String {
        var text = ""
        for step in path {
            guard text.utf8.count < 128 else {
                text += "/…"
                break
            }
            switch step {
            case .name(let name):
                let name = String(decoding: name.unescaped(in: bytes), as: UTF8.self)
                text += "/" + JSONPointer.escaped(SchemaReport.shown(name, 64))
            case .element(let index): text += "/\(index)"
            }
        }
        return text
    }

    /// The text, cut after about so many bytes.
    static func shown(_ text: String, _ limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var bytes = Array(text.utf8.prefix(limit))
        // Not in the middle of a character.
        while let last = bytes.last, last & 0xC0 == 0x80 { bytes.removeLast() }
        if let last = bytes.last, last >= 0xC0 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self) + "…"
    }
}
