import Foundation
import Testing

extension Integration {
    /// What a gateway goes by: shown while it runs, kept for a start with a bad file.
    @Suite struct LastGood {
        private static let good = """
            listen: 127.0.0.1:0
            admin: 127.0.0.1:0
            sessions: { key: env:KEY }
            pools:
              tools:
                backends:
                  - http://127.0.0.1:1/mcp

            """
        private static let secret = "q9Z-tK3v_hidden-from-all-output_7Lw2"

        private let program = Machine.binaries.appending(path: "mcp-gateway")
        private let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
        }

        private func run(_ arguments: String...) throws -> ChildProcess {
            try ChildProcess(program, ["run"] + arguments, environment: ["KEY": Self.secret])
        }

        @Test func `a start with a bad file uses the last good one, and says so`() async throws {
            let file = try folder.write("gateway.conf", Self.good.utf8).path
            let kept = folder.url.appending(path: "last.conf").path
            let first = try run("--config", file, "--last-good", kept)
            _ = try await first.port(of: "mcp")
            try await eventually("the file is kept") { FileManager.default.fileExists(atPath: kept) }
            #expect(try String(contentsOfFile: kept, encoding: .utf8) == Self.good)
            let attributes = try FileManager.default.attributesOfItem(atPath: kept)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            let ready = try await HTTPCall.get("/ready").send(to: try await first.port(of: "admin"))
            #expect(JSON(parsing: ready.body)["configuration"] == .absent)

            _ = try folder.write("gateway.conf", "pools: [".utf8)
            let second = try run("--config", file, "--last-good", kept)
            let admin = try await second.port(of: "admin")
            let answer = try await HTTPCall.get("/ready").send(to: admin)
            #expect(JSON(parsing: answer.body)["configuration"] == "last_good")
            #expect(second.lastWords.contains("the last good one is used"))
            #expect(try String(contentsOfFile: kept, encoding: .utf8) == Self.good)
        }

        @Test func `a start with a bad file and no last good one ends with 78`() async throws {
            let file = try folder.write("gateway.conf", "pools: [".utf8).path
            let kept = folder.url.appending(path: "none.conf").path
            let outcome = try await ChildProcess.run(program, ["run", "--config", file, "--last-good", kept])
            #expect(outcome.status == 78)
            #expect(outcome.complaints.contains("none.conf"))
        }

        @Test func `the configuration in effect is shown without its secrets`() async throws {
            let file = try folder.write("gateway.conf", Self.good.utf8).path
            let gateway = try run("--config", file)
            let admin = try await gateway.port(of: "admin")
            let reply = try await HTTPCall.get("/config").send(to: admin)
            #expect(reply.status == 200)
            let shown = JSON(parsing: reply.body)
            #expect(shown["configuration"]["sessions"]["key"] == "env:KEY")
            #expect(shown["configuration"]["pools"]["tools"]["backends"].elements.count == 1)
            #expect(!reply.text.contains(Self.secret))
            let printed = try await ChildProcess.run(program, ["config", "--admin", "127.0.0.1:\(admin)"])
            #expect(printed.status == 0 && printed.output == reply.text, "\(printed.complaints)")
        }
    }
}
