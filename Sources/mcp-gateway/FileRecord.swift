import Gateway
import Synchronization

/// Which files were read while a configuration was loaded, and what was in them: as hashes, for some are secret.
final class FileRecord: Sendable {
    private let files = Mutex<[String: Int?]>([:])

    /// By path; `nil` for those that could not be read.
    var hashes: [String: Int?] { files.withLock { $0 } }

    /// Reads a file of at most `limit` bytes, and takes note of it.
    func read(_ path: String, _ limit: Int) throws(BoundedFileError) -> BoundedFile {
        do throws(BoundedFileError) {
            let file = try BoundedFile(readingAtMost: limit, from: path)
            files.withLock { $0[path] = .some(file.bytes.hashValue) }
            return file
        } catch {
            files.withLock { $0[path] = .some(nil) }
            throw error
        }
    }

    /// What is in `files` now.
    static func hashes(of files: some Sequence<String>) -> [String: Int?] {
        let record = FileRecord()
        for path in files { _ = try? record.read(path, CertificateFile.maximumByteCount) }
        return record.hashes
    }
}
