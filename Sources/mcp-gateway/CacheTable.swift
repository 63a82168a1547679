import ArgumentParser
import Wire

/// The figures of a cache as people read them.
struct CacheTable {
    /// One line for each figure.
    let text: String

    /// The table of what the gateway says.
    ///
    /// - Throws: an exit code if that is not what a gateway says.
    init(_ body: String) throws {
        guard let figures = try? JSONValue.parse(body).objectValue?.members else {
            StandardError.line("mcp-gateway: the answer is not that of a gateway: \(body)")
            throw ExitCode.failure
        }
        let width = figures.map(\.name.utf8.count).max() ?? 0
        var lines = figures.map { figure in
            "\(figure.name.padded(to: width))  \(figure.value.int64Value ?? 0)"
        }
        func count(_ name: String) -> Int64 { figures.first { $0.name == name }?.value.int64Value ?? 0 }
        let served = count("hits") + count("stale")
        let asked = served + count("misses")
        if asked > 0 { lines.append("hit rate".padded(to: width) + "  \(served * 100 / asked)%") }
        text = lines.joined(separator: "\n")
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(width - utf8.count, 0))
    }
}
