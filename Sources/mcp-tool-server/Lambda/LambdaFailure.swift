import NIOCore
import Wire

/// What the Runtime API is told of a function that failed.
struct LambdaFailure: Error, Equatable {
    /// `Category.Reason`, in letters.
    var type: String
    /// A sentence for the log.
    var message: String

    /// The event is no request.
    static func badEvent(_ error: LambdaEventError) -> LambdaFailure {
        LambdaFailure(type: "Function.BadEvent", message: error.description)
    }

    /// The process cannot start.
    static func cannotStart(_ reason: String) -> LambdaFailure {
        LambdaFailure(type: "Runtime.CannotStart", message: reason)
    }

    /// The time of the invocation was up before its answer was complete.
    static let deadline = LambdaFailure(
        type: "Function.DeadlineReached", message: "the time of the invocation was up before its answer was complete")

    /// The answer broke off.
    static let brokenAnswer = LambdaFailure(type: "Function.BrokenAnswer", message: "the answer broke off")

    /// The answer has more bytes than Lambda takes at once.
    static let tooLarge = LambdaFailure(
        type: "Function.ResponseSizeTooLarge",
        message: "the answer has more than \(RuntimeAPI.maximumAnswerBytes) bytes, which only streaming lets through")

    /// The failure as JSON.
    var json: ByteBuffer {
        var json = ByteBuffer()
        let object: JSONValue = ["errorMessage": .string(message), "errorType": .string(type), "stackTrace": []]
        object.write(into: &json)
        return json
    }
}
