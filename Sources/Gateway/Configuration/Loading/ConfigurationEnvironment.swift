import Transport

/// Where `env:` and `file:` references of a configuration lead; passed in, because only executables look around.
package struct ConfigurationEnvironment: Sendable {
    /// The environment variables that `env:NAME` may name.
    package let variables: [String: String]
    /// Reads the file that `file:PATH` names, at most so many bytes.
    package let readFile: @Sendable (_ path: String, _ limit: Int) throws(BoundedFileError) -> BoundedFile
    /// The time, in seconds since 1970, for certificates.
    package let now: @Sendable () -> Int64

    /// By default files are read from the file system, and the time is that of the system.
    package init(
        variables: [String: String],
        readFile: @escaping @Sendable (_ path: String, _ limit: Int) throws(BoundedFileError) -> BoundedFile = {
            path, limit throws(BoundedFileError) in
            try BoundedFile(readingAtMost: limit, from: path)
        },
        now: @escaping @Sendable () -> Int64 = WallClock.seconds
    ) {
        self.now = now
        self.variables = variables
        self.readFile = readFile
    }
}
