/// What the environment variables say.
struct ToolServerEnvironment: Equatable {
    /// `ENVIRONMENT`: what the deployment is called; 1 to 64 printable ASCII characters.
    var name = "development"
    /// `MAX_REQUEST_SIZE`: bytes of a request body, 1 to 1 GiB.
    var maximumRequestBytes = 1_048_576

    /// Reads the variables; those that are absent keep their defaults.
    init(_ variables: [String: String]) throws(EnvironmentError) {
        if let value = variables["ENVIRONMENT"] {
            guard (1...64).contains(value.utf8.count), value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                throw EnvironmentError(
                    name: "ENVIRONMENT", reason: "must have 1 to 64 printable ASCII characters and no spaces")
            }
            name = value
        }
        if let value = variables["MAX_REQUEST_SIZE"] {
            guard let bytes = Int(value), (1...1_073_741_824).contains(bytes) else {
                throw EnvironmentError(
                    name: "MAX_REQUEST_SIZE", reason: "must be a number of bytes from 1 to 1073741824, is \"\(value)\"")
            }
            maximumRequestBytes = bytes
        }
    }
}

/// An environment variable that cannot be used.
struct EnvironmentError: Error, Equatable, CustomStringConvertible {
    /// The variable.
    var name: String
    /// What is wrong with it.
    var reason: String

    var description: String { "\(name) \(reason)" }
}
