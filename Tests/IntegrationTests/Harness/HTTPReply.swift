/// An answer as it came over the wire.
struct HTTPReply: Sendable, Equatable {
    var status: Int
    /// Names in lower case.
    var fields: [String: String]
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    var isEventStream: Bool { fields["content-type"]?.hasPrefix("text/event-stream") == true }

    /// The JSON-RPC message: the body, or the last event of a stream.
    var message: JSON {
        guard isEventStream else { return JSON(parsing: body) }
        let last = text.split(separator: "\n").last { $0.hasPrefix("data:") }
        return last.map { JSON(parsing: $0.dropFirst(5)) } ?? .absent
    }
}
