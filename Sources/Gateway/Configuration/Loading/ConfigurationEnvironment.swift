/// Where `env:` and `file:` references of a configuration lead; passed in, because only executables look around.
package struct ConfigurationEnvironment: Sendable {
    /// The environment variables that `env:NAME` may name.
    package let variables: [String: String]
    /// Reads the file that `file:PATH` names, at most so many bytes.
    package let readFile: @Sendable (_ path: String, _ limit: Int) throws(BoundedFileError) -> BoundedFile

    /// By default files are read from the file system.
    package init(
        variables: [String: String],
        readFile: @escaping @Sendable (_ path: String, _ limit: Int) throws(BoundedFileError) -> BoundedFile = {
            path, limit throws(BoundedFileError) in
            try BoundedFile(readingAtMost: limit, from: path)
        }
    ) {
        self.variables = variables
        self.readFile = readFile
    }
}
