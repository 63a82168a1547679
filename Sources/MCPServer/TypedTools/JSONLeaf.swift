import Wire

/// Types that are one JSON value that is no object and no array.
protocol JSONLeaf {
    /// How a sentence speaks of such values.
    static var phrase: String { get }

    /// The value; `nil` if it is of another type or out of range.
    init?(json: JSONValue)
}

extension String: JSONLeaf {
    static var phrase: String { "a string" }

    init?(json: JSONValue) {
        guard let text = json.stringValue else { return nil }
        self = text
    }
}

extension Bool: JSONLeaf {
    static var phrase: String { "a boolean" }

    init?(json: JSONValue) {
        guard let value = json.boolValue else { return nil }
        self = value
    }
}

extension Double: JSONLeaf {
    static var phrase: String { "a number" }

    init?(json: JSONValue) {
        guard let value = json.doubleValue else { return nil }
        self = value
    }
}

extension Float: JSONLeaf {
    static var phrase: String { "a number" }

    init?(json: JSONValue) {
        guard let value = json.doubleValue.map({ Float($0) }), value.isFinite else { return nil }
        self = value
    }
}

extension JSONValue: JSONLeaf {
    static var phrase: String { "a value" }

    init?(json: JSONValue) {
        self = json
    }
}

extension JSONLeaf where Self: FixedWidthInteger {
    static var phrase: String { "an integer of \(bitWidth) bits" }

    init?(json: JSONValue) {
        guard let number = json.numberValue else { return nil }
        if let value = number.int64.flatMap({ Self(exactly: $0) }) {
            self = value
        } else {
            // Of 64 bits without a sign, in its plain spelling.
            self.init(number.literal)
        }
    }
}

extension Int: JSONLeaf {}
extension Int8: JSONLeaf {}
extension Int16: JSONLeaf {}
extension Int32: JSONLeaf {}
extension Int64: JSONLeaf {}
extension UInt: JSONLeaf {}
extension UInt8: JSONLeaf {}
extension UInt16: JSONLeaf {}
extension UInt32: JSONLeaf {}
extension UInt64: JSONLeaf {}
