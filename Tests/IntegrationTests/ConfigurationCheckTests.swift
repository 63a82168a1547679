import Foundation
import Testing

extension Integration {
    /// `mcp-gateway check` on files that are wrong in every way, and on the sample.
    @Suite struct ConfigurationCheck {
        /// A broken file, and what the complaint must say.
        struct Broken: Sendable, CustomTestStringConvertible {
            var name: String
            var text: [UInt8]
            /// Line and column of the first complaint; `nil` where only their presence is expected.
            var position: String?
            var words: [String]

            init(_ name: String, _ text: String, at position: String? = nil, says words: String...) {
                self.name = name
                self.text = Array(text.utf8)
                self.position = position
                self.words = words
            }

            init(_ name: String, bytes: [UInt8]) {
                self.name = name
                text = bytes
                words = []
            }

            var testDescription: String { name }
        }

        private static let pools = "pools:\n  tools:\n    backends:\n      - http://127.0.0.1:9001/mcp\n"

        static let broken: [Broken] = [
            Broken("is empty", ""),
            Broken("is a scalar", "hello\n", at: "1:1"),
            Broken("is a sequence", "- a\n- b\n", at: "1:1"),
            Broken("is not YAML", "listen: [127.0.0.1:1\npools: }\n"),
            Broken("has a tab", "pools:\n\ttools: 1\n"),
            Broken("has an unknown key", "lisen: 127.0.0.1:0\n" + pools, at: "1:1", says: "lisen", "listen"),
            Broken(
                "has an unknown key in a pool",
                "listen: 127.0.0.1:0\npools:\n  tools:\n    backend:\n      - http://127.0.0.1:9001/mcp\n",
                at: "4:5", says: "pools.tools", "backends"),
            Broken("has a key twice", "listen: 127.0.0.1:1\nlisten: 127.0.0.1:2\n" + pools, at: "2:1", says: "listen"),
            Broken("has a number for a mapping", "listen: 127.0.0.1:0\npools: 5\n", at: "2:8", says: "pools"),
            Broken(
                "has a string for backends", "listen: 127.0.0.1:0\npools:\n  tools:\n    backends: 7\n",
                at: "4:15", says: "pools.tools.backends"),
            Broken(
                "has a bad URL",
                "listen: 127.0.0.1:0\npools:\n  tools:\n    backends:\n      - ftp://127.0.0.1/mcp\n",
                at: "5:9", says: "pools.tools.backends[0]"),
            Broken(
                "has a URL without a host",
                "listen: 127.0.0.1:0\npools:\n  tools:\n    backends:\n      - http:///mcp\n", at: "5:9"),
            Broken("has a bad address", "listen: nowhere\n" + pools, at: "1:9", says: "listen"),
            Broken("has a port that is none", "listen: 127.0.0.1:70000\n" + pools, at: "1:9", says: "listen"),
            Broken(
                "has a bad duration", "listen: 127.0.0.1:0\n" + pools + "    timeout: { connect: 5 parsecs }\n",
                at: "6:25", says: "timeout.connect"),
            Broken(
                "has a bad size", "listen: 127.0.0.1:0\nlimits: { max_body: 4 elephants }\n" + pools, at: "2:21",
                says: "limits.max_body"),
            Broken(
                "has a bad share",
                "listen: 127.0.0.1:0\n" + pools + "    circuit_breaker: { failure_rate: 150% }\n", at: "6:38",
                says: "failure_rate"),
            Broken(
                "has an unknown word", "listen: 127.0.0.1:0\n" + pools + "    balance: roundrobin\n", at: "6:14",
                says: "balance", "round_robin"),
            Broken("has no pools", "listen: 127.0.0.1:0\n", says: "pools"),
            Broken(
                "has a pool without backends", "listen: 127.0.0.1:0\npools:\n  tools:\n    backends: []\n",
                says: "backends"),
            Broken(
                "has a secret in the open",
                "listen: 127.0.0.1:0\nsessions: { key: hunter2hunter2hunter2hunter2hunter2 }\n" + pools,
                at: "2:18", says: "sessions.key"),
            Broken("is binary", bytes: (0..<4_096).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }),
            Broken("has a NUL", bytes: Array("listen: 127.0.0.1:0\0\n".utf8)),
            Broken("is not UTF-8", bytes: Array("listen: \"".utf8) + [0xff, 0xfe] + Array("\"\n".utf8)),
            Broken("is huge", bytes: Array(repeating: UInt8(ascii: "a"), count: 2_000_000)),
            Broken("is deep", String(repeating: "[", count: 100_000)),
            Broken(
                "is a bomb of aliases",
                (1...30).reduce("a0: &a0 x\n") { $0 + "a\($1): &a\($1) [*a\($1 - 1), *a\($1 - 1)]\n" }),
        ]

        private let gateway = Machine.binaries.appending(path: "mcp-gateway")

        @Test(arguments: broken)
        func `a broken file is refused with line and column`(file: Broken) async throws {
            let folder = try TemporaryFolder()
            let url = try folder.write("broken.conf", file.text)
            let outcome = try await ChildProcess.run(gateway, ["check", url.path], within: .seconds(15))

            #expect(outcome.status == 78, "\(outcome.output) \(outcome.complaints)")
            let lines = outcome.complaints.split(separator: "\n")
            let first = try #require(lines.first)
            let positions = try Regex("^\(NSRegularExpression.escapedPattern(for: url.path)):([0-9]+:[0-9]+): .+")
            let match = try #require(first.firstMatch(of: positions), "\(outcome.complaints.prefix(500))")
            if let position = file.position { #expect(match.output[1].substring == position[...], "\(first)") }
            for word in file.words { #expect(outcome.complaints.contains(word), "\(outcome.complaints)") }
            #expect(outcome.complaints.utf8.count < 20_000)
            #expect(!outcome.complaints.contains("hunter2"))
        }

        @Test(arguments: broken.prefix(8))
        func `run refuses the same files and listens on nothing`(file: Broken) async throws {
            let folder = try TemporaryFolder()
            let url = try folder.write("broken.conf", file.text)
            let outcome = try await ChildProcess.run(gateway, ["run", "--config", url.path], within: .seconds(15))
            #expect(outcome.status == 78)
            #expect(!outcome.output.contains("listening"))
        }

        @Test func `several faults are complained of in one go`() async throws {
            let folder = try TemporaryFolder()
            let url = try folder.write("broken.conf", "lisen: 1\nadmn: 2\n\(ConfigurationCheck.pools)".utf8)
            let outcome = try await ChildProcess.run(gateway, ["check", url.path])
            #expect(outcome.status == 78)
            #expect(outcome.complaints.contains("\(url.path):1:1:"))
            #expect(outcome.complaints.contains("\(url.path):2:1:"))
        }

        @Test func `no truncation of the sample makes it crash`() async throws {
            let sample = try Data(contentsOf: Machine.root.appending(path: "gateway.conf"))
            let folder = try TemporaryFolder()
            for count in stride(from: 0, to: sample.count, by: max(sample.count / 40, 1)) {
                let url = try folder.write("cut.conf", sample.prefix(count))
                let outcome = try await ChildProcess.run(gateway, ["check", url.path])
                #expect(outcome.status == 78 || outcome.status == 0, "cut at \(count): \(outcome)")
            }
        }

        @Test func `the sample is good`() async throws {
            let outcome = try await ChildProcess.run(
                gateway, ["check", Machine.root.appending(path: "gateway.conf").path])
            #expect(outcome.status == 0, "\(outcome.complaints)")
        }
    }
}
