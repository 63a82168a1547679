import Gateway
import Synchronization

/// The configuration file of a process that runs: read again and again.
final class ConfigurationSource: Sendable {
    private let path: String
    private let loaded: Mutex<[UInt8]?>
    private let seen: Mutex<[UInt8]?>

    /// The file at `path`, of which these contents have been loaded.
    init(path: String, contents: [UInt8]) {
        self.path = path
        loaded = Mutex(contents)
        seen = Mutex(contents)
    }

    /// What the file held when it was last loaded; nil when that is not to be kept.
    var contents: [UInt8]? { loaded.withLock { $0 } }

    /// What the file held when it was last looked at to be loaded, good or bad.
    var seenContents: [UInt8]? { seen.withLock { $0 } }

    /// What was loaded so far came from elsewhere.
    func forgetContents() {
        loaded.withLock { $0 = nil }
        seen.withLock { $0 = nil }
    }

    /// Loads the file, away from the loops: it blocks.
    @concurrent
    func load() async -> Result<ExplainedConfiguration, ConfigurationFailure> {
        let contents = await peek()
        seen.withLock { $0 = contents }
        do throws(ConfigurationRejection) {
            let accepted = try ConfigurationFile.loader.accept(path: path)
            loaded.withLock { $0 = accepted.contents }
            return .success(accepted.explained)
        } catch {
            return .failure(ConfigurationFailure(complaints: error.lines(file: path)))
        }
    }

    /// What the file holds now; nil if it cannot be read.
    @concurrent
    func peek() async -> [UInt8]? {
        try? BoundedFile(readingAtMost: ConfigurationText.maximumByteCount, from: path).bytes
    }
}
