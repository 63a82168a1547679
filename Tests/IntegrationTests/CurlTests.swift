import Foundation
import Testing

extension Integration {
    /// The commands that the documents show.
    @Suite(.enabled(if: Machine.isComplete || Machine.program("curl") != nil, "curl is not installed"))
    struct Curl {
        @Test(arguments: HTTPCall.Era.allCases)
        func `calls a tool in either era`(era: HTTPCall.Era) async throws {
            let curl = try #require(Machine.program("curl"))
            let (gateway, _) = try await Integration.threeServers(hasSessions: false)
            let call = HTTPCall.process("paris", era: era)
            var arguments = ["--silent", "--show-error", "--fail", "--max-time", "10", gateway.endpoint]
            for field in call.fields { arguments += ["-H", "\(field.name): \(field.value)"] }
            arguments += ["-d", try #require(call.body)]
            let outcome = try await ChildProcess.run(curl, arguments)

            #expect(outcome.status == 0, "\(outcome.complaints)")
            let answer = JSON(parsing: outcome.output)
            #expect(answer["result"]["structuredContent"]["result"]["mark"] == "PARIS")
            if era == .modern {
                let name = answer["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"].string
                #expect(name?.hasPrefix("tools-") == true)
            }
        }

        @Test func `uploads with Expect and in chunks`() async throws {
            let curl = try #require(Machine.program("curl"))
            let (gateway, _) = try await Integration.threeServers()
            let folder = try TemporaryFolder()
            let mark = String(repeating: "a", count: 300_000)
            let call = HTTPCall.process(mark, era: .modern)
            let file = try folder.write("body", try #require(call.body).utf8)
            for more in [["-H", "Expect: 100-continue"], ["-H", "Transfer-Encoding: chunked"]] {
                var arguments = ["--silent", "--show-error", "--fail", "--max-time", "20", gateway.endpoint]
                for field in call.fields { arguments += ["-H", "\(field.name): \(field.value)"] }
                arguments += more + ["--data-binary", "@\(file.path)"]
                let outcome = try await ChildProcess.run(curl, arguments)
                #expect(outcome.status == 0, "\(outcome.complaints)")
                #expect(
                    JSON(parsing: outcome.output)["result"]["structuredContent"]["result"]["mark"].string
                        == mark.uppercased())
            }
        }
    }
}
