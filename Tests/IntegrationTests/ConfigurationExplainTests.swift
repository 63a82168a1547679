import Foundation
import Testing

extension Integration {
    /// `mcp-gateway explain` and `mcp-gateway diff`, as scripts use them.
    @Suite struct ConfigurationExplain {
        private static let pools = "pools:\n  tools:\n    backends:\n      - http://127.0.0.1:9001/mcp\n"
        private static let secret = "q9Z-tK3v_hidden-from-all-output_7Lw2"

        private let gateway = Machine.binaries.appending(path: "mcp-gateway")
        private let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
        }

        private func file(_ name: String, _ text: String) throws -> String {
            try folder.write(name, text.utf8).path
        }

        private func run(_ arguments: String...) async throws -> ChildProcess.Outcome {
            try await ChildProcess.run(
                gateway, arguments, environment: ["KEY": Self.secret, "OTHER": "x" + Self.secret])
        }

        @Test func `what is explained of the sample is good, and no different`() async throws {
            let sample = Machine.root.appending(path: "gateway.conf").path
            let explained = try await run("explain", sample)
            #expect(explained.status == 0 && explained.complaints.isEmpty, "\(explained.complaints)")
            let file = try file("explained.conf", explained.output)
            let check = try await run("check", file)
            // Keys without effect are only remarked upon where they stand in a file, and here they all do.
            #expect(check.status == 0, "\(check.complaints)")
            let diff = try await run("diff", sample, file)
            #expect(diff.status == 0 && diff.output.isEmpty && diff.complaints.isEmpty, "\(diff)")
        }

        @Test func `origins are places in the named file, and secrets are not shown`() async throws {
            let path = try file("a.conf", "sessions: { key: env:KEY }\n" + Self.pools)
            let explained = try await run("explain", path)
            #expect(explained.output.contains("# \(path):1:18; environment variable KEY, not shown"))
            #expect(explained.output.contains("# default"))
            let json = try await run("explain", path, "--json")
            #expect(json.status == 0)
            let object = JSON(parsing: json.output)
            #expect(object["configuration"]["pools"]["tools"]["timeout"]["connect"] == "1s")
            #expect(object["origins"]["pools.tools.backends[0].url"].string == "\(path):5:9")
            #expect(object["origins"]["sessions.max_age"] == "default")
            #expect(!explained.output.contains(Self.secret) && !json.output.contains(Self.secret))
        }

        @Test func `diff ends with 1 when something differs, and says what`() async throws {
            let old = try file("old.conf", "sessions: { key: env:KEY }\n" + Self.pools)
            let new = try file(
                "new.conf", "sessions: { key: env:OTHER }\n" + Self.pools + "      - http://127.0.0.1:9002/mcp\n")
            let diff = try await run("diff", old, new)
            #expect(diff.status == 1 && diff.complaints.isEmpty, "\(diff)")
            #expect(
                diff.output == """
                    sessions.key: changed from env:KEY to env:OTHER, another secret; sessions that are open end
                    pools.tools.backends[http://127.0.0.1:9002/mcp]: added; gets calls once it is found well

                    """)
            let json = try await run("diff", old, new, "--json")
            #expect(json.status == 1)
            let differences = JSON(parsing: json.output)["differences"]
            #expect(differences[0]["path"] == "sessions.key" && differences[0]["isSameSecret"] == .bool(false))
            #expect(differences[1]["change"] == "added" && differences[2] == .absent)
            #expect(!json.output.contains(Self.secret))
            let same = try await run("diff", new, new, "--json")
            #expect(same.status == 0 && JSON(parsing: same.output)["differences"] == [])
        }

        @Test func `a bad file ends with 78, and both are complained of`() async throws {
            let good = try file("good.conf", Self.pools)
            let bad = try file("bad.conf", "lisen: 1\n" + Self.pools)
            let worse = try file("worse.conf", "")
            let explained = try await run("explain", bad)
            #expect(explained.status == 78 && explained.output.isEmpty)
            #expect(explained.complaints.hasPrefix("\(bad):1:1: lisen: unknown key"))
            for (old, new) in [(good, bad), (bad, good), (bad, worse), (good, folder.url.path + "/none")] {
                let diff = try await run("diff", old, new)
                #expect(diff.status == 78 && diff.output.isEmpty, "\(diff)")
            }
            let both = try await run("diff", bad, worse)
            #expect(both.complaints.contains("\(bad):1:1:") && both.complaints.contains("\(worse):1:1:"))
        }

        @Test(arguments: [["explain"], ["diff", "a.conf"], ["explain", "a.conf", "b.conf"]])
        func `wrong usage ends with 64`(arguments: [String]) async throws {
            #expect(try await ChildProcess.run(gateway, arguments).status == 64)
        }
    }
}
