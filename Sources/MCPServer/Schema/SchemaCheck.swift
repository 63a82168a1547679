import Wire

/// One check of one value: walks over the bytes along the schema and builds no tree.
///
/// Without a report it ends at the first violation; with one it goes on until the report is full.
struct SchemaCheck {
    /// Steps that a check may take: a quarter of a second at worst. What takes more is refused. A text with as many values
    /// as the reader accepts needs a third of it with an ordinary schema.
    static let maximumSteps = 2_000_000
    /// Schemas that may be open in each other. Values are at most 64 deep, so that is four for each.
    static let maximumDepth = 256

    /// What is said of a value for which the steps do not suffice.
    static let complexity = "is too complex to be checked"

    /// What the value is checked against.
    let schema: CompiledSchema
    /// The text.
    let bytes: ByteView
    /// What was found wrong; `nil` when nobody asks.
    var report: SchemaReport?
    /// Steps that may still be taken. At 0 the check has no answer.
    var budget = SchemaCheck.maximumSteps
    private var depth = 0
    /// The documents through which the current schema was reached, the outermost first.
    private var scope: [Int] = []

    /// A check of the JSON text `bytes`.
    init(_ schema: CompiledSchema, _ bytes: ByteView, report: SchemaReport?) {
        self.schema = schema
        self.bytes = bytes
        self.report = report
    }

    /// Whether the text matches.
    mutating func run() -> Bool {
        var start = 0
        while start < bytes.count, bytes[start] <= 0x20 { start &+= 1 }
        var end = bytes.count
        while end > start, bytes[end &- 1] <= 0x20 { end &-= 1 }
        var marks = SchemaMarks(isWanted: false)
        let isMatch = check(0, ByteRange(from: start, to: end), &marks)
        guard budget > 0 else { return refuse(SchemaCheck.complexity) }
        return isMatch
    }

    /// Notes a violation; always false.
    mutating func refuse(_ message: @autoclosure () -> String) -> Bool {
        report?.add(message(), bytes)
        return false
    }

    /// Whether there is no point in going on.
    var isDone: Bool { report?.isFull ?? true || budget <= 0 }

    /// Uses up the whole budget: the check has no answer.
    private mutating func giveUp() -> Bool {
        budget = 0
        return false
    }

    // MARK: One schema

    /// Whether the value at `value` matches the schema at this place. Marks what was evaluated if it does.
    mutating func check(_ index: Int, _ value: ByteRange, _ marks: inout SchemaMarks) -> Bool {
        let node = schema.nodes[index]
        budget &-= 1
        if let verdict = node.verdict { return verdict || refuse("is not allowed") }
        guard budget > 0, depth < SchemaCheck.maximumDepth else { return giveUp() }
        depth &+= 1
        defer { depth &-= 1 }
        let hasScope = schema.hasDynamicReferences && scope.last != node.resource
        if hasScope { scope.append(node.resource) }
        defer { if hasScope { scope.removeLast() } }

        let kind = JSONMembers.kind(value, bytes)
        if let types = node.types, !matches(types, kind, value) {
            // Whatever else is said is said about values of those types.
            return refuse("must be \(types.phrase)")
        }
        guard node.unevaluatedItems == nil && node.unevaluatedProperties == nil else {
            var own = SchemaMarks(isWanted: true)
            guard checkKeywords(node, kind, value, &own) else { return false }
            guard checkRest(node, kind, value, &own) else { return false }
            marks.formUnion(own)
            return true
        }
        return checkKeywords(node, kind, value, &marks)
    }

    private mutating func checkKeywords(
        _ node: SchemaNode, _ kind: JSONKind, _ value: ByteRange, _ marks: inout SchemaMarks
    ) -> Bool {
        var isMatch = true
        for values in node.values where !contains(values, kind, value) {
            isMatch = refuse(values.phrase)
            if isDone { return false }
        }
        switch kind {
        case .object:
            if let rules = node.object, !check(rules, object: value, &marks) { isMatch = false }
        case .array:
            if let rules = node.array, !check(rules, array: value, &marks) { isMatch = false }
        case .string:
            if let rules = node.string, !check(rules, string: value) { isMatch = false }
        case .number:
            if let rules = node.number, !check(rules, number: value) { isMatch = false }
        case .bool, .null:
            break
        }
        guard isMatch || !isDone else { return false }
        for other in node.others where !apply(other, value, &marks) {
            isMatch = false
            if isDone { return false }
        }
        return isMatch
    }

    // MARK: Any value

    private func matches(_ types: SchemaTypes, _ kind: JSONKind, _ value: ByteRange) -> Bool {
        switch kind {
        case .object: types.contains(.object)
        case .array: types.contains(.array)
        case .string: types.contains(.string)
        case .bool: types.contains(.boolean)
        case .null: types.contains(.null)
        case .number: types.contains(.number) || types.contains(.integer) && isInteger(bytes[value])
        }
    }

    private func isInteger(_ text: ByteView) -> Bool {
        ExactNumber.small(text) != nil || ExactNumber(text)?.isInteger == true
    }

    private mutating func contains(_ values: SchemaValues, _ kind: JSONKind, _ value: ByteRange) -> Bool {
        if kind == .string {
            guard let text = JSONMembers.text(value, bytes) else { return false }
            budget &-= values.strings.count
            return values.strings.contains { expected in
                expected.withUnsafeBytes { text.equals(ByteView($0), in: bytes) }
            }
        }
        guard !values.others.isEmpty else { return false }
        budget &-= values.others.count &+ value.count &>> 1
        guard budget > 0 else { return false }
        return values.others.contains(CanonicalForm.of(value, bytes))
    }

    // MARK: Other schemas

    private mutating func apply(
        _ applicator: SchemaApplicator, _ value: ByteRange, _ marks: inout SchemaMarks
    ) -> Bool {
        switch applicator {
        case .allOf(let all):
            var isMatch = true
            for index in all where !check(index, value, &marks) {
                isMatch = false
                if isDone { return false }
            }
            return isMatch
        case .anyOf(let all):
            var isMatch = false
            for index in all where test(index, value, &marks) {
                isMatch = true
                // The others count only for what they would mark.
                if !marks.isWanted { break }
            }
            if isMatch { return true }
            let reasons = reasons(all, value)
            return refuse("must match one of: \(reasons)")
        case .oneOf(let all):
            var count = 0
            for index in all where test(index, value, &marks) { count &+= 1 }
            switch count {
            case 1: return true
            case 0:
                let reasons = reasons(all, value)
                return refuse("must match exactly one of: \(reasons)")
            default: return refuse("must match exactly one of \(all.count) schemas, and matches \(count)")
            }
        case .not(let index):
            var ignored = SchemaMarks(isWanted: false)
            return !test(index, value, &ignored) || refuse("must not be what it is")
        case .condition(let condition, let then, let otherwise):
            let next = test(condition, value, &marks) ? then : otherwise
            return next.map { check($0, value, &marks) } ?? true
        case .reference(let slot):
            return check(schema.targets[slot], value, &marks)
        case .dynamicReference(let slot, let anchor):
            return check(dynamicTarget(slot, anchor), value, &marks)
        }
    }

    /// Whether a schema matches, without a word about why not. Its marks count only if it does.
    mutating func test(_ index: Int, _ value: ByteRange, _ marks: inout SchemaMarks) -> Bool {
        let saved = report
        report = nil
        defer { report = saved }
        var own = SchemaMarks(isWanted: marks.isWanted)
        guard check(index, value, &own) else { return false }
        marks.formUnion(own)
        return true
    }

    /// Why each of the first schemas does not match, in a few words.
    private mutating func reasons(_ all: [Int], _ value: ByteRange) -> String {
        guard let saved = report else { return "" }
        var reasons: [String] = []
        for index in all.prefix(4) {
            report = saved.fresh(limit: 1)
            var marks = SchemaMarks(isWanted: false)
            _ = check(index, value, &marks)
            guard let violation = report?.violations.first else { continue }
            let here = saved.path(bytes)
            // Paths begin here, so only what lies deeper is said.
            let deeper = violation.path.hasPrefix(here) ? violation.path.dropFirst(here.count) : violation.path[...]
            reasons.append(deeper.isEmpty ? violation.message : "\(deeper): \(violation.message)")
        }
        report = saved
        if all.count > 4 { reasons.append("…") }
        return reasons.map { "(\($0))" }.joined(separator: " ")
    }

    private func dynamicTarget(_ slot: Int, _ anchor: String) -> Int {
        let target = schema.targets[slot]
        // Only what was named by a dynamic anchor can be replaced (2020-12 Core §8.2.3.2).
        guard !anchor.isEmpty, schema.dynamicAnchors[schema.nodes[target].resource][anchor] == target else {
            return target
        }
        for resource in scope {
            if let outer = schema.dynamicAnchors[resource][anchor] { return outer }
        }
        return target
    }
}
