import NIOCore
import Wire

/// One invocation of the function, as the Runtime API hands it out.
struct LambdaInvocation: Equatable {
    /// Names the invocation: 1 to 128 letters, digits and hyphens.
    var id: String
    /// When its time is up, in milliseconds since 1970; `nil` if nobody says.
    var deadline: Int64?
    /// Names its trace in X-Ray, in printable ASCII; `nil` without one.
    var traceID: String?
    /// The event, as JSON.
    var event: ByteBuffer

    /// The invocation that an answer of the Runtime API describes; `nil` if it has no usable id.
    init?(_ head: LambdaAnswer.Head, event: ByteBuffer) {
        guard let id = head["lambda-runtime-aws-request-id"], (1...128).contains(id.utf8.count),
            id.utf8.allSatisfy({ ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == UInt8(ascii: "-") })
        else { return nil }
        self.id = id
        self.event = event
        deadline = head["lambda-runtime-deadline-ms"].flatMap { Int64($0) }
        traceID = head["lambda-runtime-trace-id"].flatMap { text in
            !text.isEmpty && text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } ? text : nil
        }
    }

    /// How long a handler may take at `now` (milliseconds since 1970) so that there is time for an answer before the deadline:
    /// nine tenths of what is left, or all but a second of it. `nil` without a deadline.
    func milliseconds(at now: Int64) -> Int64? {
        guard let deadline else { return nil }
        guard deadline > now else { return 0 }
        // A day is more than any function has.
        let left = min(deadline &- now, 86_400_000)
        return left - min(left / 10, 1_000)
    }
}

extension LambdaAnswer.Head {
    /// The value of the first field with that name, given in lower case.
    subscript(name: String) -> String? {
        fields.first { $0.name.lowercased() == name }?.value
    }
}
