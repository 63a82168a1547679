import Wire

/// The keywords of one schema, read with their types.
struct SchemaKeywords {
    private let members: JSONObject
    private let place: String

    /// The keywords of the schema at the pointer `place`.
    init(_ members: JSONObject, _ place: String) {
        self.members = members
        self.place = place
    }

    /// The value of a keyword.
    subscript(keyword: String) -> JSONValue? { members[keyword] }

    /// Where the keyword stands.
    func pointer(_ keyword: String) -> String { "\(place)/\(keyword)" }

    /// An error at a keyword.
    func mistake(_ keyword: String, _ message: String) -> JSONSchemaError {
        JSONSchemaError(pointer(keyword), message)
    }

    /// Whether one of the keywords is there.
    func hasAny(of keywords: [String]) -> Bool {
        keywords.contains { members[$0] != nil }
    }

    // MARK: By type

    /// The string at a keyword.
    func text(_ keyword: String) throws(JSONSchemaError) -> String? {
        guard let value = members[keyword] else { return nil }
        guard let text = value.stringValue else { throw mistake(keyword, "must be a string") }
        return text
    }

    /// The array at a keyword.
    func array(_ keyword: String) throws(JSONSchemaError) -> [JSONValue]? {
        guard let value = members[keyword] else { return nil }
        guard let elements = value.arrayValue else { throw mistake(keyword, "must be an array") }
        return elements
    }

    /// The object at a keyword.
    func object(_ keyword: String) throws(JSONSchemaError) -> JSONObject? {
        guard let value = members[keyword] else { return nil }
        guard let object = value.objectValue else { throw mistake(keyword, "must be an object") }
        return object
    }

    /// The boolean at a keyword; false without it.
    func flag(_ keyword: String) throws(JSONSchemaError) -> Bool {
        guard let value = members[keyword] else { return false }
        guard let flag = value.boolValue else { throw mistake(keyword, "must be a boolean") }
        return flag
    }

    /// A list of names without repetition.
    func texts(_ keyword: String) throws(JSONSchemaError) -> [String]? {
        try array(keyword).map { values throws(JSONSchemaError) in try texts(values, pointer(keyword)) }
    }

    private func texts(_ values: [JSONValue], _ pointer: String) throws(JSONSchemaError) -> [String] {
        let texts = values.compactMap(\.stringValue)
        guard texts.count == values.count, Set(values).count == values.count else {
            throw JSONSchemaError(pointer, "must be an array of different strings")
        }
        return texts
    }

    /// How many there may be: between the values of two keywords.
    func range(
        _ least: String, _ most: String, default: Int = 0
    ) throws(JSONSchemaError) -> ClosedRange<Int> {
        let lower = try count(least) ?? `default`
        let upper = try count(most) ?? Int.max
        // A range that nothing is in is a schema that accepts nothing, and no mistake.
        return lower <= upper ? lower...upper : Int.max...Int.max
    }

    private func count(_ keyword: String) throws(JSONSchemaError) -> Int? {
        guard let value = members[keyword] else { return nil }
        guard let number = value.numberValue.flatMap({ ExactNumber($0) }), number.isInteger, !number.isNegative else {
            throw mistake(keyword, "must be an integer that is not negative")
        }
        return value.int64Value.flatMap { Int(exactly: $0) } ?? Int.max
    }

    // MARK: By keyword

    /// `type`.
    func types() throws(JSONSchemaError) -> SchemaTypes? {
        guard let value = members["type"] else { return nil }
        let names = if let name = value.stringValue { [name] } else { try texts("type") }
        guard let names, !names.isEmpty else { throw mistake("type", "must name a type") }
        var types: SchemaTypes = []
        for name in names {
            guard let entry = SchemaTypes.all.first(where: { $0.name == name }) else {
                throw mistake("type", "\(name) is not a type")
            }
            types.insert(entry.type)
        }
        return types
    }

    /// The keywords of numbers; `nil` without one.
    func number() throws(JSONSchemaError) -> NumberRules? {
        var rules = NumberRules()
        rules.minimum = try bound("minimum")
        rules.maximum = try bound("maximum")
        rules.exclusiveMinimum = try bound("exclusiveMinimum")
        rules.exclusiveMaximum = try bound("exclusiveMaximum")
        if let value = members["multipleOf"] {
            guard let divisor = value.numberValue.flatMap({ NumberDivisor($0) }) else {
                throw mistake("multipleOf", "must be a positive number of at most 18 digits")
            }
            rules.multipleOf = divisor
        }
        return hasAny(of: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]) ? rules : nil
    }

    private func bound(_ keyword: String) throws(JSONSchemaError) -> NumberBound? {
        guard let value = members[keyword] else { return nil }
        guard let bound = value.numberValue.flatMap({ NumberBound($0) }) else {
            throw mistake(keyword, "must be a number")
        }
        return bound
    }

    /// The keywords of strings; `nil` without one that matters.
    func string(_ settings: JSONSchema.Settings) throws(JSONSchemaError) -> StringRules? {
        var rules = StringRules()
        let format = try text("format")
        if settings.assertsFormat, let format { rules.format = SchemaFormat(rawValue: format) }
        guard hasAny(of: ["minLength", "maxLength", "pattern"]) || rules.format != nil else { return nil }
        rules.minLength = try count("minLength") ?? 0
        rules.maxLength = try count("maxLength") ?? Int.max
        if let source = try text("pattern") { rules.pattern = try pattern(source, "pattern") }
        return rules
    }

    /// The pattern that a keyword has.
    func pattern(_ source: String, _ keyword: String) throws(JSONSchemaError) -> Pattern {
        do {
            return try Pattern(source)
        } catch {
            throw mistake(keyword, "\(source) is not a pattern that can be used: it has \(error.message)")
        }
    }

    /// `dependentRequired`.
    func demands() throws(JSONSchemaError) -> [(name: String, requires: [String])] {
        var demands: [(name: String, requires: [String])] = []
        for member in try object("dependentRequired")?.members ?? [] {
            let pointer = pointer("dependentRequired") + "/" + JSONPointer.escaped(member.name)
            guard let values = member.value.arrayValue else { throw JSONSchemaError(pointer, "must be an array") }
            demands.append((member.name, try texts(values, pointer)))
        }
        return demands
    }
}
