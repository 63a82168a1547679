/// Where a value of an effective configuration came from.
package enum ConfigurationOrigin: Hashable, Sendable {
    /// The file says nothing of it.
    case `default`
    /// A place in the file.
    case file(ConfigurationPosition)

    /// The place as complaints show it, `gateway.conf:12:5`, or `default`.
    func text(file: String) -> String {
        switch self {
        case .default: "default"
        case .file(let position): "\(file):\(position.line):\(position.column)"
        }
    }
}
