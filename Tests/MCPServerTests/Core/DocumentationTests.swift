import Foundation
import Testing

/// What users of the library see must say what it is.
@Suite struct DocumentationTests {
    private static let sources = URL(filePath: #filePath).appending(path: "../../../../Sources/MCPServer").standardized

    /// Those that a protocol documents already.
    private static let witnesses: Set<String> = ["description", "<", "==", "hash", "complete", "post", "suspend"]

    @Test func `every public declaration has a comment`() throws {
        let files = try #require(FileManager.default.enumerator(at: Self.sources, includingPropertiesForKeys: nil))
            .compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
        #expect(files.count > 50)
        let declaration =
            #/^\s*public (?:(?:static|final|indirect|convenience|mutating|nonisolated) )*(?:func|var|let|struct|class|enum|protocol|init|subscript|typealias)\b ?([\w<=]*)/#
        var count = 0
        for file in files {
            let lines = try String(contentsOf: file, encoding: .utf8).split(
                separator: "\n", omittingEmptySubsequences: false)
            for (index, line) in lines.enumerated() {
                guard let match = try declaration.firstMatch(in: line), !Self.witnesses.contains(String(match.1)) else {
                    continue
                }
                count += 1
                var above = index - 1
                while above >= 0, lines[above].drop(while: { $0 == " " }).hasPrefix("@") { above -= 1 }
                let isDocumented = above >= 0 && lines[above].drop { $0 == " " }.hasPrefix("///")
                #expect(isDocumented, "\(file.lastPathComponent):\(index + 1): \(line)")
            }
        }
        #expect(count > 150)
    }
}
