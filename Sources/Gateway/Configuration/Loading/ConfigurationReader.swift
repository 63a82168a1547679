/// What is passed along while a file is read: where the reader is, what it has found, and where references lead.
struct ConfigurationReader {
    /// Where `env:` and `file:` lead.
    let environment: ConfigurationEnvironment
    /// Reasons to refuse the file, in the order in which they were found.
    private(set) var problems: [ConfigurationProblem] = []
    /// What is accepted with a remark.
    private(set) var warnings: [ConfigurationProblem] = []
    /// Whether the keys that are being read do something in this version. Those that do not are checked for their form
    /// only: the secrets that they name need not exist.
    private(set) var isInEffect = true

    /// The names of the pools that were read, in the order of the file; keys that name pools are read after them.
    private(set) var poolNames: [String] = []
    /// Where the names of the pools stand.
    private(set) var poolPositions: [String: ConfigurationPosition] = [:]

    /// What backends of the pool that is being read may be called although nobody should be talked into that.
    var allowedAddresses: [IPRange] = []

    /// The key path, as it is written.
    private(set) var keyPath = ""

    /// Beyond so many complaints nobody counts any more; keeps a hostile file from filling the memory.
    private static let maximumComplaintCount = 1_000

    init(environment: ConfigurationEnvironment) {
        self.environment = environment
    }

    /// Notes a reason to refuse the file.
    mutating func problem(_ message: String, at position: ConfigurationPosition, suggestion: String? = nil) {
        guard problems.count < Self.maximumComplaintCount else { return }
        problems.append(ConfigurationProblem(at: position, keyPath: keyPath, message, suggestion: suggestion))
    }

    /// Notes something that is accepted all the same.
    mutating func warning(_ message: String, at position: ConfigurationPosition) {
        guard warnings.count < Self.maximumComplaintCount else { return }
        warnings.append(ConfigurationProblem(at: position, keyPath: keyPath, message))
    }

    /// Notes that a pool of this name is in the file.
    mutating func notePool(_ name: String, at position: ConfigurationPosition) {
        guard poolPositions.updateValue(position, forKey: name) == nil else { return }
        poolNames.append(name)
    }

    /// Does `body` one key further down.
    mutating func descend<Result>(to name: String, _ body: (inout Self) -> Result) -> Result {
        let outer = keyPath
        keyPath = keyPath.appending(key: name)
        defer { keyPath = outer }
        return body(&self)
    }

    /// Does `body` in one element of a list, counted from 0.
    mutating func descend<Result>(to index: Int, _ body: (inout Self) -> Result) -> Result {
        let outer = keyPath
        keyPath += "[\(index)]"
        defer { keyPath = outer }
        return body(&self)
    }

    /// Does `body` for a feature that this version does not have.
    mutating func withoutEffect<Result>(_ body: (inout Self) -> Result) -> Result {
        let outer = isInEffect
        isInEffect = false
        defer { isInEffect = outer }
        return body(&self)
    }
}
