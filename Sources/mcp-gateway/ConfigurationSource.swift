import Gateway
import Synchronization

/// The configuration file of a process that runs, and the files that it names: read again and again.
final class ConfigurationSource: Sendable {
    /// What the files held at one time.
    struct Glimpse: Equatable, Sendable {
        /// The configuration file.
        var contents: [UInt8]
        /// The others, by path.
        var others: [String: Int?]
    }

    private struct State {
        /// What the file held when it was last loaded.
        var loaded: [UInt8]?
        /// What was seen when it was last looked at to be loaded, good or bad.
        var seen: Glimpse?
        /// The files that are named by the configuration that was last loaded, and by one that was refused since.
        var files: Set<String>
    }

    private let path: String
    private let state: Mutex<State>

    /// The file at `path`, of which `accepted` has been loaded; `record` says what was in the others.
    init(path: String, _ accepted: AcceptedConfiguration, _ record: FileRecord) {
        self.path = path
        let seen = Glimpse(contents: accepted.contents, others: record.hashes)
        state = Mutex(State(loaded: accepted.contents, seen: seen, files: Set(seen.others.keys)))
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
        let before = await peek()
        let record = FileRecord()
        do throws(ConfigurationRejection) {
            let accepted = try ConfigurationFile.loader(record).accept(path: path)
            state.withLock {
                $0.loaded = accepted.contents
                $0.seen = Glimpse(contents: accepted.contents, others: record.hashes)
                $0.files = Set(record.hashes.keys)
            }
            return .success(accepted.explained)
        } catch {
            // What is wrong may be mended in a file that only this one names.
            state.withLock {
                $0.seen = before
                $0.seen?.others.merge(record.hashes) { $1 }
                $0.files.formUnion(record.hashes.keys)
            }
            return .failure(ConfigurationFailure(complaints: error.lines(file: path)))
        }
    }

    /// What the files hold now; nil if the configuration file cannot be read.
    @concurrent
    func peek() async -> Glimpse? {
        let limit = ConfigurationText.maximumByteCount
        guard let file = try? BoundedFile(readingAtMost: limit, from: path) else { return nil }
        return Glimpse(contents: file.bytes, others: FileRecord.hashes(of: state.withLock { $0.files }))
    }
}
