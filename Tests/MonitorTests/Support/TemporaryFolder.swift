import Foundation

/// A folder of one test; removed when nothing uses it any more.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "monitor-test-\(UUID().uuidString.prefix(13))")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    /// The path of a file in the folder.
    func path(_ name: String) -> String { url.appending(path: name).path }

    /// Writes a file and gives its path.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: url.appending(path: name))
        return path(name)
    }
}

extension TemporaryFolder {
    /// The text of a file; empty if there is none.
    func read(_ name: String) throws -> String {
        guard FileManager.default.fileExists(atPath: path(name)) else { return "" }
        return String(decoding: try Data(contentsOf: url.appending(path: name)), as: UTF8.self)
    }
}
