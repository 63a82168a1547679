/// The members of a JSON object in the order in which they were written.
///
/// Names are compared by their UTF-8 bytes: `"é"` in one and in two code points are two names, although Swift takes the
/// strings for equal. Looking a name up goes through the members one by one. Two objects are equal when their members
/// are, in order.
public struct JSONObject: Sendable {
    /// A name and its value.
    public struct Member: Hashable, Sendable {
        /// The name, unescaped.
        public var name: String
        /// The value.
        public var value: JSONValue

        public init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }

        public static func == (left: Member, right: Member) -> Bool {
            left.name.hasSameBytes(as: right.name) && left.value == right.value
        }

        public func hash(into hasher: inout Hasher) {
            hasher.combineBytes(of: name)
            hasher.combine(value)
        }
    }

    /// The members; no name is there twice.
    public private(set) var members: [Member]

    /// No members.
    public init() {
        members = []
    }

    /// Members that are known to have different names.
    init(distinct members: [Member]) {
        self.members = members
    }

    /// The value of the member `name`. Setting adds a member at the end, or replaces its value where it stands;
    /// setting `nil` removes it.
    public subscript(name: String) -> JSONValue? {
        get {
            members.first { $0.name.hasSameBytes(as: name) }?.value
        }
        set {
            let position = members.firstIndex { $0.name.hasSameBytes(as: name) }
            switch (position, newValue) {
            case (let position?, let value?): members[position].value = value
            case (let position?, nil): members.remove(at: position)
            case (nil, let value?): members.append(Member(name: name, value: value))
            case (nil, nil): break
            }
        }
    }

    /// The same names in the same order with other values.
    public func mapValues<Failure: Error>(
        _ transform: (JSONValue) throws(Failure) -> JSONValue
    ) throws(Failure) -> JSONObject {
        var mapped: [Member] = []
        mapped.reserveCapacity(members.count)
        for member in members { mapped.append(Member(name: member.name, value: try transform(member.value))) }
        return JSONObject(distinct: mapped)
    }
}

extension JSONObject: Hashable {}

extension JSONObject: RandomAccessCollection {
    public var startIndex: Int { members.startIndex }
    public var endIndex: Int { members.endIndex }
    public subscript(position: Int) -> Member { members[position] }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// The members as written; of two with one name the last one counts.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init()
        for (name, value) in elements { self[name] = value }
    }
}
