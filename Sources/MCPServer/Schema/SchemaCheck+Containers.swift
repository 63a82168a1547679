import Wire

extension SchemaCheck {
    // MARK: Objects

    /// Checks an object. Each value in it is skipped over once here, and once more by whoever looks into it.
    mutating func check(_ rules: ObjectRules, object value: ByteRange, _ marks: inout SchemaMarks) -> Bool {
        budget &-= value.count &>> 5
        var isMatch = true
        var seen = PositionSet()
        var count = 0
        var members = JSONMembers(bytes, in: value)
        while let member = members.next() {
            budget &-= 1
            guard let name = member.name else { continue }
            let unescaped = name.isEscaped ? name.unescaped(in: bytes) : nil
            let isGood =
                unescaped.map { text in
                    text.withUnsafeBytes { check(rules, member, name, ByteView($0), count, &seen, &marks) }
                } ?? check(rules, member, name, bytes[name.range], count, &seen, &marks)
            if !isGood {
                isMatch = false
                if isDone { return false }
            }
            count &+= 1
        }
        if !rules.count.contains(count) {
            isMatch = refuse(SchemaCheck.countPhrase(rules.count, count, "properties"))
            if isDone { return false }
        }
        for place in rules.required where !seen.contains(place) {
            isMatch = refuse("\"\(SchemaCheck.shownName(rules, place))\" is required")
            if isDone { return false }
        }
        for place in rules.demanding where seen.contains(place) {
            let property = rules.properties[place]
            for needed in property.requires where !seen.contains(needed) {
                isMatch = refuse(
                    "\"\(SchemaCheck.shownName(rules, needed))\" is required where \"\(SchemaCheck.shownName(rules, place))\" is given"
                )
            }
            if let index = property.dependent, !check(index, value, &marks) { isMatch = false }
            if !isMatch, isDone { return false }
        }
        return isMatch
    }

    private mutating func check(
        _ rules: ObjectRules, _ member: JSONMembers.Member, _ name: JSONText, _ text: ByteView, _ position: Int,
        _ seen: inout PositionSet, _ marks: inout SchemaMarks
    ) -> Bool {
        var isMatch = true
        var isEvaluated = false
        if let place = rules.place(of: text) {
            seen.insert(place)
            if let index = rules.properties[place].schema {
                isEvaluated = true
                isMatch = child(index, member.value, .name(name))
            }
        }
        for (pattern, index) in rules.patterns where matches(pattern, text) {
            isEvaluated = true
            if !child(index, member.value, .name(name)) { isMatch = false }
        }
        if !isEvaluated, let index = rules.additional {
            isEvaluated = true
            if !child(index, member.value, .name(name)) { isMatch = false }
        }
        if let index = rules.names {
            // The name with its quotes: a string like others.
            let quoted = ByteRange(start: Int(name.range.start) &- 1, length: name.range.count &+ 2)
            if !child(index, quoted, .name(name)) { isMatch = false }
        }
        if isEvaluated { marks.insert(position) }
        return isMatch
    }

    private static func shownName(_ rules: ObjectRules, _ place: Int) -> String {
        SchemaReport.shown(String(decoding: rules.properties[place].name, as: UTF8.self), 64)
    }

    // MARK: Arrays

    /// Checks an array.
    mutating func check(_ rules: ArrayRules, array value: ByteRange, _ marks: inout SchemaMarks) -> Bool {
        budget &-= value.count &>> 5
        var isMatch = true
        var count = 0
        var containedCount = 0
        var forms: Set<[UInt8]> = []
        var isUnique = true
        var elements = JSONMembers(bytes, in: value)
        while let element = elements.next() {
            budget &-= 1
            if count < rules.prefix.count {
                if !child(rules.prefix[count], element.value, .element(count)) { isMatch = false }
                marks.insert(count)
            } else if let index = rules.items {
                if !child(index, element.value, .element(count)) { isMatch = false }
                marks.insert(count)
            }
            if let index = rules.contains {
                var ignored = SchemaMarks(isWanted: false)
                if test(index, element.value, &ignored) {
                    containedCount &+= 1
                    marks.insert(count)
                }
            }
            if rules.isUnique, isUnique {
                budget &-= element.value.count &>> 1
                isUnique = budget <= 0 || forms.insert(CanonicalForm.of(element.value, bytes)).inserted
                if !isUnique { isMatch = refuse("must not have equal elements, and [\(count)] is there before") }
            }
            if !isMatch, isDone { return false }
            count &+= 1
        }
        if !rules.count.contains(count) {
            isMatch = refuse(SchemaCheck.countPhrase(rules.count, count, "elements"))
        }
        if rules.contains != nil, !rules.contained.contains(containedCount) {
            isMatch = refuse(SchemaCheck.countPhrase(rules.contained, containedCount, "elements of a certain kind"))
        }
        return isMatch
    }

    private static func countPhrase(_ range: ClosedRange<Int>, _ count: Int, _ noun: String) -> String {
        count < range.lowerBound
            ? "must have \(range.lowerBound) or more \(noun), has \(count)"
            : "must have \(range.upperBound) or fewer \(noun), has \(count)"
    }

    // MARK: What lies in a value

    /// Checks a value in the current one.
    private mutating func child(_ index: Int, _ value: ByteRange, _ step: SchemaReport.Step) -> Bool {
        report?.enter(step)
        var marks = SchemaMarks(isWanted: false)
        let isMatch = check(index, value, &marks)
        report?.leave()
        return isMatch
    }

    /// Checks what no other keyword has evaluated.
    mutating func checkRest(
        _ node: SchemaNode, _ kind: JSONKind, _ value: ByteRange, _ marks: inout SchemaMarks
    ) -> Bool {
        guard let index = kind == .object ? node.unevaluatedProperties : kind == .array ? node.unevaluatedItems : nil
        else { return true }
        budget &-= value.count &>> 5
        var isMatch = true
        var position = 0
        var members = JSONMembers(bytes, in: value)
        while let member = members.next() {
            budget &-= 1
            if !marks.positions.contains(position) {
                let step = member.name.map { SchemaReport.Step.name($0) } ?? .element(position)
                if !child(index, member.value, step) {
                    isMatch = false
                    if isDone { return false }
                }
                marks.insert(position)
            }
            position &+= 1
        }
        return isMatch
    }
}
