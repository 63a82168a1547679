/// What the environment says of the Lambda function.
struct LambdaEnvironment: Equatable {
    /// `LAMBDA_RESPONSE_STREAMING`: whether answers go out while they are made. Must be as the front is set up
    /// (`InvokeMode: RESPONSE_STREAM`).
    var streamsAnswers = false

    /// Reads the variables; one that is absent keeps its default.
    init(_ variables: [String: String]) throws(ConfigurationComplaints) {
        switch variables["LAMBDA_RESPONSE_STREAMING"] {
        case nil, "false": break
        case "true": streamsAnswers = true
        case let value?:
            throw ConfigurationComplaints(all: [
                .init(
                    source: .variable("LAMBDA_RESPONSE_STREAMING"), reason: "must be true or false, is \"\(value)\"")
            ])
        }
    }

    /// The names of the variables, that of the Runtime API's address included.
    static let names = ["AWS_LAMBDA_RUNTIME_API", "LAMBDA_RESPONSE_STREAMING"]
}
