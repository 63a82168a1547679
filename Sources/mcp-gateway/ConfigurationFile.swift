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

    init(_ path: String) {
        self.path = path
    }

    /// The configuration; warnings are printed, unless they do not matter to who asks.
    ///
    /// - Throws: `ExitCode.badConfiguration` after every problem has been printed, one line each.
    func load(showsWarnings: Bool = true) throws -> LoadedConfiguration {
        let loader = ConfigurationLoader(
            environment: ConfigurationEnvironment(variables: ProcessInfo.processInfo.environment))
        do throws(ConfigurationRejection) {
            let loaded = try loader.load(path: path)
            if showsWarnings { for warning in loaded.warnings { StandardError.line(warning.text(file: path)) } }
            return loaded
        } catch {
            for problem in error.problems { StandardError.line(problem.text(file: path)) }
            if error.omittedCount > 0 { StandardError.line("\(path): and \(error.omittedCount) more problems") }
            throw ExitCode.badConfiguration
        }
    }
}
