/// Reads configuration files.
///
/// No input traps it, and none keeps it busy: sizes, depths and counts are bounded before anything is built from them.
/// It blocks, so it is never called on an event loop.
package struct ConfigurationLoader: Sendable {
    private let environment: ConfigurationEnvironment

    package init(environment: ConfigurationEnvironment) {
        self.environment = environment
    }

    /// Loads the file at `path`.
    ///
    /// - Throws: everything that is wrong with it.
    package func load(path: String) throws(ConfigurationRejection) -> LoadedConfiguration {
        try load(contents: Self.contents(of: path))
    }

    /// Loads the contents of a file.
    ///
    /// - Throws: everything that is wrong with them.
    package func load(contents: [UInt8]) throws(ConfigurationRejection) -> LoadedConfiguration {
        try load(Self.root(of: contents))
    }

    /// Loads the file at `path`, and keeps where each value came from.
    ///
    /// - Throws: everything that is wrong with it.
    package func explain(path: String) throws(ConfigurationRejection) -> ExplainedConfiguration {
        try explain(contents: Self.contents(of: path), file: path)
    }

    /// Loads the contents of a file of this name, and keeps where each value came from.
    ///
    /// - Throws: everything that is wrong with them.
    package func explain(
        contents: [UInt8], file: String
    ) throws(ConfigurationRejection) -> ExplainedConfiguration {
        let root = try Self.root(of: contents)
        return ExplainedConfiguration(try load(root).configuration, file: file, root: root)
    }

    /// Loads the file at `path` with all that a process which runs on it needs. The file is read once.
    ///
    /// - Throws: everything that is wrong with it.
    package func accept(path: String) throws(ConfigurationRejection) -> AcceptedConfiguration {
        let contents = try Self.contents(of: path)
        let root = try Self.root(of: contents)
        let loaded = try load(root)
        return AcceptedConfiguration(
            explained: ExplainedConfiguration(loaded.configuration, file: path, root: root),
            warnings: loaded.warnings, contents: contents)
    }

    private static func contents(of path: String) throws(ConfigurationRejection) -> [UInt8] {
        let file: BoundedFile
        do {
            file = try BoundedFile(readingAtMost: ConfigurationText.maximumByteCount, from: path)
        } catch .tooLarge {
            throw ConfigurationRejection([.tooLarge])
        } catch {
            throw ConfigurationRejection([ConfigurationProblem(at: .start, error.text)])
        }
        return file.bytes
    }

    private static func root(of contents: [UInt8]) throws(ConfigurationRejection) -> YAMLNode {
        let document: YAMLDocument
        do {
            document = YAMLDocument(try ConfigurationText(contents))
        } catch {
            throw ConfigurationRejection([error])
        }
        if let problem = document.problem { throw ConfigurationRejection([problem]) }
        guard let root = document.root, !root.isNull else {
            throw ConfigurationRejection([
                ConfigurationProblem(at: .start, keyPath: "pools", "is missing: the file is empty")
            ])
        }
        return root
    }

    private func load(_ root: YAMLNode) throws(ConfigurationRejection) -> LoadedConfiguration {
        var reader = ConfigurationReader(environment: environment)
        let section = GatewayConfiguration.section
        let configuration = section.read(root, over: section.make(), &reader)
        guard let configuration, reader.problems.isEmpty else { throw ConfigurationRejection(reader.problems) }
        return LoadedConfiguration(
            configuration: configuration,
            warnings: Array(reader.warnings.inOrderOfLines.prefix(ConfigurationRejection.maximumProblemCount)))
    }
}
