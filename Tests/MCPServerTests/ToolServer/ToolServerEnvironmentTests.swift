import Testing

@testable import mcp_tool_server

struct ToolServerEnvironmentTests {
    @Test func `has defaults`() throws {
        let environment = try ToolServerEnvironment([:])
        #expect(environment.name == "development")
        #expect(environment.maximumRequestBytes == 1_048_576)
    }

    @Test func `reads the variables`() throws {
        let environment = try ToolServerEnvironment(["ENVIRONMENT": "production", "MAX_REQUEST_SIZE": "65536"])
        #expect(environment.name == "production")
        #expect(environment.maximumRequestBytes == 65_536)
    }

    @Test(arguments: ["", "0", "-1", "1MiB", "1.5", "99999999999999999999", "1073741825", " 1"])
    func `refuses a size that is none`(_ size: String) {
        let error = #expect(throws: EnvironmentError.self) { try ToolServerEnvironment(["MAX_REQUEST_SIZE": size]) }
        #expect(error?.name == "MAX_REQUEST_SIZE")
    }

    @Test(arguments: ["", "a b", "é", "a\n", String(repeating: "x", count: 65)])
    func `refuses a name that is none`(_ name: String) {
        let error = #expect(throws: EnvironmentError.self) { try ToolServerEnvironment(["ENVIRONMENT": name]) }
        #expect(error?.name == "ENVIRONMENT")
    }
}
