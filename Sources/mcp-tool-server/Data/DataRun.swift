import MCPServer
import NIOCore
import Wire

/// One run of `process_data`: goes through the members of the object, as many at a time as its owner likes.
///
/// What is not changed goes out as it came in.
struct DataRun: Sendable {
    private enum Operation {
        case transform, validate, analyze, none
    }

    /// Members of the object that have been processed.
    private(set) var processedCount = 0

    private let data: ByteBuffer
    private let operation: Operation
    /// Where in `data` the next member is looked for; `nil` before the first.
    private var position: Int?
    /// The members of the result, the keys that are null, or the keys.
    private var items = ByteBuffer()
    /// The types that belong to the keys.
    private var types = ByteBuffer()
    private var isValid = true

    /// A run that has not begun.
    init(_ request: DataRequest) {
        data = request.data
        operation =
            switch request.operation {
            case "transform": .transform
            case "validate": .validate
            case "analyze": .analyze
            default: .none
            }
        if operation == .transform { items.reserveCapacity(data.readableBytes &+ 16) }
    }

    /// How many members the object has.
    func memberCount() -> Int {
        data.withByteView { bytes in
            var members = JSONMembers(bytes, in: ByteRange(start: 0, length: bytes.count))
            var count = 0
            while members.next() != nil { count &+= 1 }
            return count
        }
    }

    /// Processes the next `limit` members; fewer if there are no more.
    mutating func advance(by limit: Int) {
        // Nobody looks at the members: the data goes out whole.
        if operation == .none, limit == .max { return }
        data.withByteView { bytes in
            var members =
                position.map { JSONMembers(bytes, ofObjectFrom: $0) }
                ?? JSONMembers(bytes, in: ByteRange(start: 0, length: bytes.count))
            var count = 0
            while count < limit, let member = members.next() {
                count &+= 1
                add(member, bytes)
            }
            processedCount &+= count
            position = members.position
        }
    }

    /// What came out so far, as an object with `processed_at`, which is now, and `result`.
    func outcome() -> ByteBuffer {
        var json = ByteBuffer()
        json.reserveCapacity(items.readableBytes &+ types.readableBytes &+ 96)
        json.writeStaticString("{\"processed_at\":\"")
        Timestamp.writeNow(into: &json)
        json.writeStaticString("\",\"result\":")
        switch operation {
        case .transform:
            json.writeStaticString("{")
            json.writeImmutableBuffer(items)
        case .validate:
            json.writeStaticString(isValid ? "{\"valid\":true,\"null_keys\":[" : "{\"valid\":false,\"null_keys\":[")
            json.writeImmutableBuffer(items)
            json.writeStaticString("]")
        case .analyze:
            json.writeStaticString("{\"keys\":[")
            json.writeImmutableBuffer(items)
            json.writeStaticString("],\"types\":{")
            json.writeImmutableBuffer(types)
            json.writeStaticString("}")
        case .none:
            json.writeImmutableBuffer(data)
            json.writeStaticString("}")
            return json
        }
        json.writeStaticString("}}")
        return json
    }

    // MARK: Members

    private mutating func add(_ member: JSONMembers.Member, _ data: ByteView) {
        switch operation {
        case .transform:
            DataRun.separate(&items)
            DataRun.writeName(of: member, data, into: &items)
            items.writeStaticString(":")
            if let text = JSONMembers.text(member.value, data) {
                items.writeJSONString(String(decoding: text.unescaped(in: data), as: UTF8.self).uppercased())
            } else {
                items.writeBytes(data[member.value].raw)
            }
        case .validate:
            guard JSONMembers.kind(member.value, data) == .null else { return }
            isValid = false
            DataRun.separate(&items)
            DataRun.writeName(of: member, data, into: &items)
        case .analyze:
            DataRun.separate(&items)
            DataRun.writeName(of: member, data, into: &items)
            DataRun.separate(&types)
            DataRun.writeName(of: member, data, into: &types)
            types.writeStaticString(":")
            types.writeStaticString(DataRun.typeName(JSONMembers.kind(member.value, data)))
        case .none:
            break
        }
    }

    private static func separate(_ items: inout ByteBuffer) {
        if items.readableBytes > 0 { items.writeStaticString(",") }
    }

    /// The member's name as it came, quotes and escapes included.
    private static func writeName(of member: JSONMembers.Member, _ data: ByteView, into json: inout ByteBuffer) {
        json.writeStaticString("\"")
        if let name = member.name { json.writeBytes(data[name.range].raw) }
        json.writeStaticString("\"")
    }

    private static func typeName(_ kind: JSONKind) -> StaticString {
        switch kind {
        case .object: "\"object\""
        case .array: "\"array\""
        case .string: "\"string\""
        case .number: "\"number\""
        case .bool: "\"boolean\""
        case .null: "\"null\""
        }
    }
}
