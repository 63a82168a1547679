import Wire

extension SchemaCheck {
    /// Checks a number.
    mutating func check(_ rules: NumberRules, number value: ByteRange) -> Bool {
        let text = bytes[value]
        var isMatch = true
        if let bound = rules.minimum, (bound.order(of: text) ?? -1) < 0 {
            isMatch = refuse("must be at least \(SchemaReport.shown(bound.literal, 40))")
        }
        if let bound = rules.maximum, (bound.order(of: text) ?? 1) > 0 {
            isMatch = refuse("must be at most \(SchemaReport.shown(bound.literal, 40))")
        }
        if let bound = rules.exclusiveMinimum, (bound.order(of: text) ?? -1) <= 0 {
            isMatch = refuse("must be greater than \(SchemaReport.shown(bound.literal, 40))")
        }
        if let bound = rules.exclusiveMaximum, (bound.order(of: text) ?? 1) >= 0 {
            isMatch = refuse("must be less than \(SchemaReport.shown(bound.literal, 40))")
        }
        if let divisor = rules.multipleOf, !divisor.divides(text) {
            isMatch = refuse("must be a multiple of \(divisor.literal)")
        }
        budget &-= text.count &>> 4
        return isMatch
    }

    /// Checks a string.
    mutating func check(_ rules: StringRules, string value: ByteRange) -> Bool {
        guard let text = JSONMembers.text(value, bytes) else { return refuse("must be a string") }
        budget &-= value.count &>> 4
        guard text.isEscaped else { return check(rules, bytes[text.range]) }
        let unescaped = text.unescaped(in: bytes)
        return unescaped.withUnsafeBytes { check(rules, ByteView($0)) }
    }

    private mutating func check(_ rules: StringRules, _ text: ByteView) -> Bool {
        var isMatch = true
        if rules.minLength > 0 || rules.maxLength < Int.max {
            let length = SchemaCheck.codePoints(text)
            if length < rules.minLength {
                isMatch = refuse("must have \(rules.minLength) characters or more, has \(length)")
            }
            if length > rules.maxLength {
                isMatch = refuse("must have \(rules.maxLength) characters or fewer, has \(length)")
            }
        }
        if let pattern = rules.pattern, !matches(pattern, text) {
            isMatch = refuse("must match the pattern \(SchemaReport.shown(pattern.source, 200))")
        }
        if let format = rules.format, !format.accepts(text) {
            isMatch = refuse("must be \(format.phrase)")
        }
        return isMatch
    }

    /// Whether a pattern matches; false when the steps do not suffice, which ends the whole check.
    mutating func matches(_ pattern: Pattern, _ text: ByteView) -> Bool {
        pattern.matches(text, budget: &budget) ?? false
    }

    /// Characters as JSON Schema counts them (RFC 8259 §1).
    private static func codePoints(_ text: ByteView) -> Int {
        var count = 0
        for byte in text.raw where byte & 0xC0 != 0x80 { count &+= 1 }
        return count
    }
}
