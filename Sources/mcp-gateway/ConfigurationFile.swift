import ArgumentParser
import Gateway

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A configuration file on the command line: loaded, or complained about on standard error.
struct ConfigurationFile {
    private let path: String
    private let record: FileRecord

    /// The file at `path`; `record` takes note of the files that it names.
    init(_ path: String, _ record: FileRecord = FileRecord()) {
        self.path = path
        self.record = record
    }

    /// Reads files in the environment of the process.
    static func loader(_ record: FileRecord) -> ConfigurationLoader {
        ConfigurationLoader(
            environment: ConfigurationEnvironment(
                variables: ProcessInfo.processInfo.environment,
                readFile: { path, limit throws(BoundedFileError) in try record.read(path, limit) }))
    }

    /// The configuration; warnings are printed, unless they do not matter to who asks.
    ///
    /// - Throws: `ExitCode.badConfiguration` after every problem has been printed, one line each.
    func load(showsWarnings: Bool = true) throws -> LoadedConfiguration {
        let loaded = try complaining { loader throws(ConfigurationRejection) in try loader.load(path: path) }
        if showsWarnings { for warning in loaded.warnings { StandardError.line(warning.text(file: path)) } }
        return loaded
    }

    /// The configuration with all that a process which runs on it needs; warnings are printed.
    ///
    /// - Throws: `ExitCode.badConfiguration` after every problem has been printed, one line each.
    func accept() throws -> AcceptedConfiguration {
        let accepted = try complaining { loader throws(ConfigurationRejection) in try loader.accept(path: path) }
        for warning in accepted.warnings { StandardError.line(warning.text(file: path)) }
        return accepted
    }

    /// The configuration with where each value came from. Warnings are for `check`.
    ///
    /// - Throws: `ExitCode.badConfiguration` after every problem has been printed, one line each.
    func explain() throws -> ExplainedConfiguration {
        try complaining { loader throws(ConfigurationRejection) in try loader.explain(path: path) }
    }

    private func complaining<Loaded>(
        _ load: (ConfigurationLoader) throws(ConfigurationRejection) -> Loaded
    ) throws -> Loaded {
        do throws(ConfigurationRejection) {
            return try load(Self.loader(record))
        } catch {
            for problem in error.problems { StandardError.line(problem.text(file: path)) }
            if error.omittedCount > 0 { StandardError.line("\(path): and \(error.omittedCount) more problems") }
            throw ExitCode.badConfiguration
        }
    }
}
