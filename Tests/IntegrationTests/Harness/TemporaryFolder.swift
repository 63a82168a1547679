import Foundation

/// A folder of one test; removed when nothing uses it any more.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "mcp-gateway-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    /// Writes a file, and says where.
    func write(_ name: String, _ contents: some Sequence<UInt8>) throws -> URL {
        let file = url.appending(path: name)
        try Data(contents).write(to: file)
        return file
    }
}
