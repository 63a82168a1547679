import Foundation
import Testing

@testable import mcp_monitor

struct BearerSourceTests {
    @Test func `reads a file without the white space around`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("token", "  abc.def-1~+/=\r\n")
        #expect(try BearerSource(argument: "file:\(file)")?.read() == "abc.def-1~+/=")
    }

    @Test(arguments: ["", "\n", "a b", "a\nb", "ü", "a\u{0}b", String(repeating: "x", count: 20_000)])
    func `refuses what is no token`(text: String) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("token", text)
        #expect(throws: BearerSource.Unreadable(description: "file:\(file) holds no token")) {
            _ = try BearerSource.file(file).read()
        }
    }

    @Test func `reads a variable`() throws {
        setenv("MONITOR_TEST_TOKEN", "abc", 1)
        #expect(try BearerSource(argument: "env:MONITOR_TEST_TOKEN")?.read() == "abc")
        #expect(throws: BearerSource.Unreadable.self) { _ = try BearerSource.variable("MONITOR_TEST_NONE").read() }
        #expect(throws: BearerSource.Unreadable.self) { _ = try BearerSource.file("/nonexistent").read() }
    }

    @Test(arguments: ["abc", "env:", "file:", "", "ENV:x"])
    func `takes no token itself`(argument: String) {
        #expect(BearerSource(argument: argument) == nil)
    }
}
