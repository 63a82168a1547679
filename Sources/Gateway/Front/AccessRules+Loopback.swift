extension AccessRules {
    /// The rules of a listener on `address`: on a loopback address without a list only loopback names are accepted, so
    /// that no page of a browser can reach it through a name that it has rebound (MCP, Security: DNS rebinding).
    package init(origins: [String], hosts: [String], listeningOn address: SocketAddressSetting) {
        self.origins = origins.map { Array($0.lowercased().utf8) }
        let names = hosts.isEmpty && address.isLoopback ? ["localhost", "127.0.0.1", "[::1]"] : hosts
        self.hosts = names.map { Array($0.lowercased().utf8) }
    }
}
