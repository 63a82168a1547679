import Gateway
import Synchronization

/// The configuration file of a process that runs, and the files that it names: read again and again.
final class ConfigurationSource: Sendable {
    /// What the files held at one time.
    struct Glimpse: Equatable, Sendable {
        /// The configuration file.
        let contents: [UInt8]
        /// The others, by path, as far as they could be read: hashes, for some are secret.
        let others: [String: Int]
    }

    private struct State {
        /// What the file held when it was last loaded.
        var loaded: [UInt8]?
        /// What was seen when it was last looked at to be loaded, good or bad.
        var seen: Glimpse?
        /// The files that it named then.
        var files: [String]
    }

    private let path: String
    private let state: Mutex<State>

    /// The file at `path`, of which this has been loaded.
    init(path: String, _ accepted: AcceptedConfiguration) {
        self.path = path
        let files = accepted.explained.files
        let seen = Glimpse(contents: accepted.contents, others: Self.hashes(of: files))
        state = Mutex(State(loaded: accepted.contents, seen: seen, files: files))
    }

    /// What the file held when it was last loaded; nil when that is not to be kept.
    var contents: [UInt8]? { state.withLock { $0.loaded } }

    /// What the files held when they were last looked at to be loaded, good or bad; nil when that is not known.
    var seen: Glimpse? { state.withLock { $0.seen } }

    /// What was loaded so far came from elsewhere.
    func forgetContents() {
        state.withLock {
            $0.loaded = nil
            $0.seen = nil
        }
    }

    /// Loads the file, away from the loops: it blocks.
    @concurrent
    func load() async -> Result<ExplainedConfiguration, ConfigurationFailure> {
        let seen = await peek()
        state.withLock { $0.seen = seen }
        do throws(ConfigurationRejection) {
            let accepted = try ConfigurationFile.loader.accept(path: path)
            state.withLock {
                $0.loaded = accepted.contents
                $0.files = accepted.explained.files
            }
            return .success(accepted.explained)
        } catch {
            return .failure(ConfigurationFailure(complaints: error.lines(file: path)))
        }
    }

    /// What the files hold now; nil if the configuration file cannot be read.
    @concurrent
    func peek() async -> Glimpse? {
        let limit = ConfigurationText.maximumByteCount
        guard let file = try? BoundedFile(readingAtMost: limit, from: path) else { return nil }
        return Glimpse(contents: file.bytes, others: Self.hashes(of: state.withLock { $0.files }))
    }

    private static func hashes(of files: [String]) -> [String: Int] {
        var hashes: [String: Int] = [:]
        for path in files {
            hashes[path] =
                (try? BoundedFile(readingAtMost: CertificateFile.maximumByteCount, from: path))?.bytes.hashValue
        }
        return hashes
    }
}
