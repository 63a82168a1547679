public import Wire

/// What is said about a property of a `Described` type beyond its type: a description, bounds, a default.
///
/// Each function gives a property of which one thing more is said.
public struct Property: Sendable {
    /// The name in JSON.
    let name: String
    /// The keywords that are added to the schema of the property's type.
    private(set) var keywords = JSONObject()

    /// The property called `name`; `description` is for models and people.
    public init(_ name: String, _ description: String? = nil) {
        self.name = name
        if let description { keywords["description"] = .string(description) }
    }

    /// The value that an absent property has, so that it need not be given; of the property's type.
    var defaultValue: JSONValue? { keywords["default"] }

    /// Adds any keyword of JSON Schema 2020-12.
    public func keyword(_ name: String, _ value: JSONValue) -> Property {
        var property = self
        property.keywords[name] = value
        return property
    }

    /// A name for people.
    public func title(_ title: String) -> Property {
        keyword("title", .string(title))
    }

    /// The value that the property has when none is given.
    public func `default`(_ value: JSONValue) -> Property {
        keyword("default", value)
    }

    /// Values that are typical.
    public func examples(_ values: JSONValue...) -> Property {
        keyword("examples", .array(values))
    }

    /// What a number may be.
    public func range(_ range: ClosedRange<Int>) -> Property {
        keyword("minimum", .integer(range.lowerBound)).keyword("maximum", .integer(range.upperBound))
    }

    /// What a number may be.
    public func range(_ range: PartialRangeFrom<Int>) -> Property {
        keyword("minimum", .integer(range.lowerBound))
    }

    /// What a number may be.
    public func range(_ range: PartialRangeThrough<Int>) -> Property {
        keyword("maximum", .integer(range.upperBound))
    }

    /// What a number may be.
    public func range(_ range: ClosedRange<Double>) -> Property {
        keyword("minimum", .double(range.lowerBound)).keyword("maximum", .double(range.upperBound))
    }

    /// How many characters a string may have.
    public func length(_ range: ClosedRange<Int>) -> Property {
        keyword("minLength", .integer(range.lowerBound)).keyword("maxLength", .integer(range.upperBound))
    }

    /// How many characters a string may have.
    public func length(_ range: PartialRangeFrom<Int>) -> Property {
        keyword("minLength", .integer(range.lowerBound))
    }

    /// How many characters a string may have.
    public func length(_ range: PartialRangeThrough<Int>) -> Property {
        keyword("maxLength", .integer(range.upperBound))
    }

    /// How many elements an array may have.
    public func count(_ range: ClosedRange<Int>) -> Property {
        keyword("minItems", .integer(range.lowerBound)).keyword("maxItems", .integer(range.upperBound))
    }

    /// How many elements an array may have.
    public func count(_ range: PartialRangeFrom<Int>) -> Property {
        keyword("minItems", .integer(range.lowerBound))
    }

    /// How many elements an array may have.
    public func count(_ range: PartialRangeThrough<Int>) -> Property {
        keyword("maxItems", .integer(range.upperBound))
    }

    /// A regular expression (ECMA-262) that a string must match somewhere.
    public func pattern(_ pattern: String) -> Property {
        keyword("pattern", .string(pattern))
    }

    /// What a string is: `date-time`, `email`, `uri`, …; an annotation that is not checked.
    public func format(_ format: String) -> Property {
        keyword("format", .string(format))
    }

    /// Calls over HTTP repeat the argument in the field `Mcp-Param-NAME` of their head, so that intermediaries can route
    /// by it; revisions from 2026-07-28 on.
    public func header(_ name: String) -> Property {
        keyword("x-mcp-header", .string(name))
    }
}

/// Collects the properties that are written one below the other.
@resultBuilder
public enum PropertyBuilder {
    /// The properties in the order in which they are written.
    public static func buildBlock(_ properties: Property...) -> [Property] { properties }
}
