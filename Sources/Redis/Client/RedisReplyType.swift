import Wire

/// What the reply to a command must be, if it is no error. One of another type is another command's: then the connection
/// has lost count and is closed.
package enum RedisReplyType: Sendable {
    /// Anything.
    case any
    /// A string of any kind, or null.
    case string
    /// An integer, or null.
    case integer
    /// An aggregate of any kind, or null.
    case aggregate

    /// Whether `value` is of this type.
    func accepts(_ value: RESPValue) -> Bool {
        switch self {
        case .any: true
        case .string: value.isNull || value.isString
        case .integer: value.isNull || value.integer != nil
        case .aggregate: value.isNull || value.isAggregate
        }
    }
}

extension RESPValue {
    fileprivate var isString: Bool {
        switch self {
        case .simpleString, .bulkString, .verbatimString: true
        default: false
        }
    }

    fileprivate var isAggregate: Bool {
        switch self {
        case .array, .map, .set, .push: true
        default: false
        }
    }
}
