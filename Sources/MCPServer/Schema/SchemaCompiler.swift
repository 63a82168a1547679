import Wire

/// Compiles a schema: reads every keyword once, and finds out what references mean.
struct SchemaCompiler {
    /// Schemas that one definition may have, all subschemas included.
    static let maximumCount = 10_000

    /// A document: a schema that has an identity of its own, with all that it holds.
    private struct Resource {
        var uri: String
        var pointer: String
        var value: JSONValue
        var root: Int
        var anchors: [String: Int] = [:]
        var dynamicAnchors: [String: Int] = [:]
    }

    /// A reference whose target is not known yet.
    private struct Reference {
        var slot: Int
        var uri: String
        var pointer: String
    }

    /// What was chosen.
    let settings: JSONSchema.Settings
    private var drafts: [SchemaDraft] = []
    /// The schemas that were read, by where they stand.
    private var known: [String: Int] = [:]
    private var pointers: [String] = []
    private var resources: [Resource] = []
    private var pending: [Reference] = []
    private var targets: [Int] = []
    private var hasDynamicReferences = false

    /// Compiles `schema`; throws what is wrong with it, and where.
    static func compile(_ schema: JSONValue, _ settings: JSONSchema.Settings) throws(JSONSchemaError) -> CompiledSchema
    {
        var compiler = SchemaCompiler(settings: settings)
        compiler.resources.append(Resource(uri: "", pointer: "", value: schema, root: 0))
        _ = try compiler.add(schema, "", 0)
        while let reference = compiler.pending.popLast() {
            compiler.targets[reference.slot] = try compiler.target(of: reference)
        }
        let compiled = CompiledSchema(
            nodes: compiler.drafts.map { SchemaNode($0) }, targets: compiler.targets,
            dynamicAnchors: compiler.resources.map(\.dynamicAnchors),
            hasDynamicReferences: compiler.hasDynamicReferences)
        if let node = compiled.endless() {
            throw JSONSchemaError(compiler.pointers[node], "leads back to itself without end")
        }
        return compiled
    }

    private init(settings: JSONSchema.Settings) {
        self.settings = settings
    }

    // MARK: References

    private mutating func reference(_ text: String, _ pointer: String, _ resource: Int) -> Int {
        targets.append(0)
        let uri = SchemaURI.resolve(text, against: resources[resource].uri)
        pending.append(Reference(slot: targets.count - 1, uri: uri, pointer: pointer))
        return targets.count - 1
    }

    private mutating func target(of reference: Reference) throws(JSONSchemaError) -> Int {
        let (document, fragment) = SchemaURI.split(reference.uri)
        guard let resource = resources.firstIndex(where: { $0.uri == document }) else {
            throw JSONSchemaError(
                reference.pointer, "\(document) is not part of this schema, and nothing is fetched")
        }
        if fragment.isEmpty { return resources[resource].root }
        guard fragment.hasPrefix("/") else {
            guard let target = resources[resource].anchors[fragment] else {
                throw JSONSchemaError(reference.pointer, "there is no anchor \(fragment)")
            }
            return target
        }
        var pointer = resources[resource].pointer
        var value = resources[resource].value
        for escaped in fragment.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            let name = JSONPointer.unescaped(escaped)
            pointer += "/" + JSONPointer.escaped(name)
            guard let next = value.arrayValue != nil ? Int(name).flatMap({ value[$0] }) : value[name] else {
                throw JSONSchemaError(reference.pointer, "there is nothing at \(fragment)")
            }
            value = next
        }
        return try add(value, pointer, resource)
    }

    // MARK: Schemas

    /// Reads the schema at `pointer`, or finds it if it was read before. Its place.
    private mutating func add(_ value: JSONValue, _ pointer: String, _ parent: Int) throws(JSONSchemaError) -> Int {
        if let index = known[pointer] { return index }
        guard drafts.count < SchemaCompiler.maximumCount else {
            throw JSONSchemaError(pointer, "there are more than \(SchemaCompiler.maximumCount) schemas")
        }
        let index = drafts.count
        known[pointer] = index
        pointers.append(pointer)
        drafts.append(SchemaDraft(resource: parent))
        switch value {
        case .bool(let verdict): drafts[index].verdict = verdict
        case .object(let members): try read(members, value, pointer, index, parent)
        case .null, .number, .string, .array:
            throw JSONSchemaError(pointer, "a schema is an object or a boolean")
        }
        return index
    }

    private mutating func read(
        _ members: JSONObject, _ value: JSONValue, _ pointer: String, _ index: Int, _ parent: Int
    ) throws(JSONSchemaError) {
        let keywords = SchemaKeywords(members, pointer)
        let resource = try identify(keywords, value, pointer, index, parent)
        var draft = SchemaDraft(resource: resource)
        draft.types = try keywords.types()
        if let value = members["const"] { draft.values.append(SchemaValues([value], isConst: true)) }
        if let list = try keywords.array("enum") { draft.values.append(SchemaValues(list, isConst: false)) }
        draft.number = try keywords.number()
        draft.string = try keywords.string(settings)
        draft.array = try arrayRules(keywords, resource)
        draft.object = try objectRules(keywords, resource)
        draft.others = try applicators(keywords, resource)
        draft.unevaluatedItems = try one("unevaluatedItems", keywords, resource)
        draft.unevaluatedProperties = try one("unevaluatedProperties", keywords, resource)
        // They may hold anchors and identities.
        _ = try named("$defs", keywords, resource)
        _ = try one("contentSchema", keywords, resource)
        drafts[index] = draft
    }

    /// Reads what says who the schema is. The document that it belongs to.
    private mutating func identify(
        _ keywords: SchemaKeywords, _ value: JSONValue, _ pointer: String, _ index: Int, _ parent: Int
    ) throws(JSONSchemaError) -> Int {
        if let dialect = try keywords.text("$schema") {
            guard SchemaURI.split(dialect).document == "https://json-schema.org/draft/2020-12/schema" else {
                throw keywords.mistake("$schema", "must be https://json-schema.org/draft/2020-12/schema")
            }
        }
        var resource = parent
        if let id = try keywords.text("$id") {
            let (uri, fragment) = SchemaURI.split(SchemaURI.resolve(id, against: resources[parent].uri))
            guard fragment.isEmpty else { throw keywords.mistake("$id", "must have no fragment") }
            if pointer.isEmpty {
                resources[0].uri = uri
            } else {
                guard !resources.contains(where: { $0.uri == uri }) else {
                    throw keywords.mistake("$id", "is that of another schema too")
                }
                resource = resources.count
                resources.append(Resource(uri: uri, pointer: pointer, value: value, root: index))
            }
        }
        for keyword in ["$anchor", "$dynamicAnchor"] {
            guard let name = try keywords.text(keyword) else { continue }
            guard !name.isEmpty, !name.contains("/"), !name.contains("#") else {
                throw keywords.mistake(keyword, "is no name for an anchor")
            }
            guard resources[resource].anchors.updateValue(index, forKey: name) ?? index == index else {
                throw keywords.mistake(keyword, "is that of another schema too")
            }
            if keyword == "$dynamicAnchor" { resources[resource].dynamicAnchors[name] = index }
        }
        return resource
    }

    // MARK: Subschemas

    private mutating func one(
        _ keyword: String, _ keywords: SchemaKeywords, _ resource: Int
    ) throws(JSONSchemaError) -> Int? {
        guard let value = keywords[keyword] else { return nil }
        return try add(value, keywords.pointer(keyword), resource)
    }

    private mutating func list(
        _ keyword: String, _ keywords: SchemaKeywords, _ resource: Int
    ) throws(JSONSchemaError) -> [Int]? {
        guard let values = try keywords.array(keyword) else { return nil }
        guard !values.isEmpty else { throw keywords.mistake(keyword, "must not be empty") }
        var places: [Int] = []
        for (index, value) in values.enumerated() {
            places.append(try add(value, "\(keywords.pointer(keyword))/\(index)", resource))
        }
        return places
    }

    private mutating func named(
        _ keyword: String, _ keywords: SchemaKeywords, _ resource: Int
    ) throws(JSONSchemaError) -> [(name: String, schema: Int)] {
        var places: [(name: String, schema: Int)] = []
        for member in try keywords.object(keyword)?.members ?? [] {
            let pointer = keywords.pointer(keyword) + "/" + JSONPointer.escaped(member.name)
            places.append((member.name, try add(member.value, pointer, resource)))
        }
        return places
    }

    private mutating func applicators(
        _ keywords: SchemaKeywords, _ resource: Int
    ) throws(JSONSchemaError) -> [SchemaApplicator] {
        var all: [SchemaApplicator] = []
        if let text = try keywords.text("$ref") {
            all.append(.reference(reference(text, keywords.pointer("$ref"), resource)))
        }
        if let text = try keywords.text("$dynamicRef") {
            hasDynamicReferences = true
            let slot = reference(text, keywords.pointer("$dynamicRef"), resource)
            all.append(.dynamicReference(slot, anchor: SchemaURI.split(text).fragment))
        }
        if let places = try list("allOf", keywords, resource) { all.append(.allOf(places)) }
        if let places = try list("anyOf", keywords, resource) { all.append(.anyOf(places)) }
        if let places = try list("oneOf", keywords, resource) { all.append(.oneOf(places)) }
        if let place = try one("not", keywords, resource) { all.append(.not(place)) }
        let then = try one("then", keywords, resource)
        let otherwise = try one("else", keywords, resource)
        if let test = try one("if", keywords, resource) {
            all.append(.condition(test, then: then, else: otherwise))
        }
        return all
    }

    private mutating func arrayRules(
        _ keywords: SchemaKeywords, _ resource: Int
    ) throws(JSONSchemaError) -> ArrayRules? {
        let names = [
            "prefixItems", "items", "contains", "minContains", "maxContains", "minItems", "maxItems", "uniqueItems",
        ]
        guard keywords.hasAny(of: names) else { return nil }
        return ArrayRules(
            prefix: try list("prefixItems", keywords, resource) ?? [], items: try one("items", keywords, resource),
            contains: try one("contains", keywords, resource),
            contained: try keywords.range("minContains", "maxContains", default: 1),
            count: try keywords.range("minItems", "maxItems"), isUnique: try keywords.flag("uniqueItems"))
    }

    private mutating func objectRules(
        _ keywords: SchemaKeywords, _ resource: Int
    ) throws(JSONSchemaError) -> ObjectRules? {
        let names = [
            "properties", "patternProperties", "additionalProperties", "propertyNames", "required", "minProperties",
            "maxProperties", "dependentRequired", "dependentSchemas",
        ]
        guard keywords.hasAny(of: names) else { return nil }
        var properties: [ObjectRules.Property] = []
        func note(_ name: String, _ change: (inout ObjectRules.Property) -> Void) {
            let bytes = Array(name.utf8)
            if let place = properties.firstIndex(where: { $0.name == bytes }) {
                change(&properties[place])
            } else {
                properties.append(ObjectRules.Property(name: bytes))
                change(&properties[properties.count - 1])
            }
        }
        for entry in try named("properties", keywords, resource) { note(entry.name) { $0.schema = entry.schema } }
        for name in try keywords.texts("required") ?? [] { note(name) { $0.isRequired = true } }
        for entry in try named("dependentSchemas", keywords, resource) {
            note(entry.name) { $0.dependent = entry.schema }
        }
        let demands = try keywords.demands()
        for demand in demands {
            note(demand.name) { _ in }
            for name in demand.requires { note(name) { _ in } }
        }
        properties.sort { left, right in
            left.name.count == right.name.count
                ? left.name.lexicographicallyPrecedes(right.name) : left.name.count < right.name.count
        }
        for demand in demands {
            let places = demand.requires.compactMap { name in properties.firstIndex { $0.name == Array(name.utf8) } }
            note(demand.name) { $0.requires = places }
        }
        var patterns: [(pattern: Pattern, schema: Int)] = []
        for entry in try named("patternProperties", keywords, resource) {
            let pattern = try keywords.pattern(entry.name, "patternProperties")
            patterns.append((pattern, entry.schema))
        }
        return ObjectRules(
            properties: properties, patterns: patterns,
            additional: try one("additionalProperties", keywords, resource),
            names: try one("propertyNames", keywords, resource),
            count: try keywords.range("minProperties", "maxProperties"))
    }
}
