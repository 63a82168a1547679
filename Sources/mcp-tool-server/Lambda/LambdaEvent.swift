import NIOCore

/// One event that AWS Lambda hands over: an HTTP request, as a front of Lambda spells it in JSON.
///
/// The fronts are API Gateway (REST APIs, payload 1.0; HTTP APIs, payload 2.0), Function URLs (2.0) and Application Load
/// Balancers (like 1.0). Everything in an event comes from a client, so nothing of it is believed before it was checked: what
/// is kept here can be written into a request head as it is.
struct LambdaEvent: Equatable {
    /// How the front spells requests and wants to have its answers.
    enum Form: Equatable {
        /// Payload 1.0 with one value per field name.
        case single
        /// Payload 1.0 with a list of values per field name.
        case multiple
        /// Payload 2.0: values joined, cookies apart.
        case version2
    }

    /// A header field.
    struct Field: Equatable {
        /// A token.
        var name: String
        /// Without control characters.
        var value: String
    }

    /// How the answer is to be spelled.
    var form: Form
    /// A token, as the client sent it.
    var method: String
    /// The path with its query, percent-encoded. Begins with `/`.
    var target: String
    /// The fields that mean something behind the front, with exactly one `Host` unless the client has sent several.
    var fields: [Field]
    /// The body; `nil` if the event has none.
    var body: ByteBuffer?
}

/// Why an event is no HTTP request.
struct LambdaEventError: Error, Equatable, CustomStringConvertible {
    /// What is wrong with it, for the log and for whoever invoked the function.
    var reason: String

    var description: String {
        "the event is no HTTP request of API Gateway, a Function URL or a load balancer: \(reason)"
    }
}
