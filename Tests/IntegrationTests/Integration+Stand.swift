extension Integration {
    /// Three tool servers and a gateway in front of them; they end with the last reference.
    static func threeServers(
        hasSessions: Bool = true, pool: String = "", more: String = ""
    ) async throws -> (gateway: RunningGateway, servers: [ToolServer]) {
        var servers: [ToolServer] = []
        for number in 1...3 { servers.append(try await ToolServer.start("tools-\(number)", hasSessions: hasSessions)) }
        let gateway = try await RunningGateway.start(backends: servers, pool: pool, more: more)
        return (gateway, servers)
    }
}
