import Foundation
import Testing

extension Integration {
    /// `mcp-tool-server lambda` under the emulator that AWS publishes, whose Runtime API nobody here has written.
    @Suite(.enabled(if: Machine.hasLambdaEmulator, "fetch the emulator of AWS Lambda: scripts/test"))
    struct LambdaEmulatorTests {
        /// An event of a Function URL.
        private func event(_ path: String, _ body: String, _ headers: [String: String] = [:]) throws -> String {
            let common = ["content-type": "application/json", "accept": "application/json, text/event-stream"]
            let value: [String: Any] = [
                "version": "2.0", "rawPath": path, "rawQueryString": "", "isBase64Encoded": true,
                "headers": common.merging(headers) { $1 }, "body": Data(body.utf8).base64EncodedString(),
                "requestContext": [
                    "stage": "$default",
                    "http": ["method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"],
                ],
            ]
            return String(decoding: try JSONSerialization.data(withJSONObject: value), as: UTF8.self)
        }

        private func modernCall(_ tool: String, _ arguments: String = "{}") throws -> String {
            let meta =
                #"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"progressToken":1}"#
            return try event(
                "/mcp",
                #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\#(tool)","arguments":\#(arguments),"_meta":\#(meta)}}"#,
                ["mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": tool])
        }

        private func legacy(_ method: String, _ params: String) throws -> String {
            try event("/mcp", #"{"jsonrpc":"2.0","id":"a","method":"\#(method)","params":\#(params)}"#)
        }

        private let data = #"{"data":{"city":"Oslo"},"operation":"transform"}"#

        @Test func `serves clients of both eras, and goes on after an event that is none`() async throws {
            let function = try await LambdaEmulator.start()
            for _ in 0..<3 {
                let modern = JSON(parsing: try await function.invoke(modernCall("process_data", data)).body)
                #expect(modern["statusCode"] == 200)
                #expect(modern["isBase64Encoded"] == false)
                let message = JSON(parsing: modern["body"].string ?? "")
                #expect(message["result"]["structuredContent"]["result"] == ["city": "OSLO"])

                let initialize = JSON(
                    parsing: try await function.invoke(
                        legacy(
                            "initialize",
                            #"{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}"#
                        )
                    ).body)
                #expect(JSON(parsing: initialize["body"].string ?? "")["result"]["protocolVersion"] == "2025-11-25")
                let list = JSON(parsing: try await function.invoke(legacy("tools/list", "{}")).body)
                #expect(JSON(parsing: list["body"].string ?? "")["id"] == "a")

                let refused = JSON(parsing: try await function.invoke(event("/nothing", "{}")).body)
                #expect(refused["statusCode"] == 404)
                let nonsense = JSON(parsing: try await function.invoke(#"{"nonsense":1}"#).body)
                #expect(nonsense["errorType"] == "Function.BadEvent")
            }
            await function.process.stop()
        }

        @Test func `streams an answer: its head, eight zeros, its events`() async throws {
            let function = try await LambdaEmulator.start(
                flags: ["--everything"], environment: ["LAMBDA_RESPONSE_STREAMING": "true"])
            for _ in 0..<2 {
                let answer = try await function.invoke(modernCall("test_tool_with_progress")).body
                let split = try #require(answer.firstRange(of: [UInt8](repeating: 0, count: 8)))
                let head = JSON(parsing: answer[..<split.lowerBound])
                #expect(head["statusCode"] == 200)
                #expect(head["headers"]["content-type"] == "text/event-stream")
                let events = String(decoding: answer[split.upperBound...], as: UTF8.self).split(separator: "\n\n")
                #expect(events.count == 4)
                #expect(events.dropLast().allSatisfy { $0.contains("notifications/progress") })
                #expect(events.last?.contains("Done.") == true)
            }
            await function.process.stop()
        }

        @Test func `answers before the deadline, and serves the next event`() async throws {
            let function = try await LambdaEmulator.start(flags: ["--delay", "4s"], timeout: 2)
            for _ in 0..<2 {
                let answer = JSON(parsing: try await function.invoke(modernCall("process_data", data)).body)
                #expect(answer["statusCode"] == 504)
            }
            let health = JSON(parsing: try await function.invoke(legacy("ping", "{}")).body)
            #expect(health["statusCode"] == 200)
            await function.process.stop()
        }

        @Test func `says why it cannot start`() async throws {
            let function = try await LambdaEmulator.start(environment: ["CACHE_TTL": "soon"])
            let answer = try await function.invoke(modernCall("process_data", data))
            #expect(answer.status == 502)
            #expect(JSON(parsing: answer.body)["errorType"] == "Runtime.CannotStart")
            #expect(JSON(parsing: answer.body)["errorMessage"].string?.hasPrefix("CACHE_TTL must be") == true)
            await function.process.stop()
        }
    }
}
