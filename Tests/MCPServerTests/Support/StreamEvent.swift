import Wire

/// One event of a stream, as a client reads it.
struct StreamEvent: Equatable {
    var id: String?
    var retry: Int?
    var data: String?

    /// The message that it carries.
    var message: JSONValue? { data.flatMap { try? JSONValue.parse($0) } }

    /// The events of a text; comments, and an end that is missing, are left out.
    static func all(in text: String) -> [StreamEvent] {
        text.split(separator: "\n\n").compactMap { block in
            var event = StreamEvent()
            for line in block.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
                if line.hasPrefix("id: ") { event.id = String(line.dropFirst(4)) }
                if line.hasPrefix("retry: ") { event.retry = Int(line.dropFirst(7)) }
                if line.hasPrefix("data: ") { event.data = String(line.dropFirst(6)) }
            }
            return event == StreamEvent() ? nil : event
        }
    }
}
