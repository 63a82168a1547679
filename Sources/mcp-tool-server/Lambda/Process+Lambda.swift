#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension Process {
    /// Those of these environment variables that are set.
    static func variables(_ names: [String]) -> [String: String] {
        var variables: [String: String] = [:]
        for name in names {
            if let value = getenv(name) { variables[name] = String(cString: value) }
        }
        return variables
    }

    /// A path of this process's own in the folder for what need not last.
    static func temporaryPath(for name: String) -> String {
        "\(variables(["TMPDIR"])["TMPDIR"] ?? "/tmp")/mcp-tool-server-\(getpid())-\(name)"
    }
}
