/// One MCP server instance.
package struct BackendConfiguration: Hashable, Sendable {
    /// Its MCP endpoint.
    package var url: EndpointURL
    /// Its share of the calls compared with the others of its pool. 1…1,000.
    package var weight: Int
    /// Where it runs; absent: unknown.
    package var zone: String?
    /// Whether it is only used when no other can be.
    package var isBackup: Bool

    package init(url: EndpointURL, weight: Int = 1, zone: String? = nil, isBackup: Bool = false) {
        self.url = url
        self.weight = weight
        self.zone = zone
        self.isBackup = isBackup
    }
}

extension BackendConfiguration {
    /// The keys of the long form.
    static let section = ConfigurationSection<Self>(
        { placeholder },
        [
            ConfigurationKey("url", \.url, .backendURL, "The MCP endpoint of the server.", isRequired: true),
            ConfigurationKey(
                "weight", \.weight, .count(1...1_000), "Its share of the calls, compared with the others."),
            ConfigurationKey(
                "zone", \.zone, .optional(.word, from: ""),
                "Where it runs. While half of the gateway's own `zone` is usable, by weight, no other is used."),
            ConfigurationKey("backup", \.isBackup, .boolean, "Only use it when no other can be."),
        ])

    /// What reading begins with; never part of a configuration.
    static let placeholder = BackendConfiguration(url: EndpointURL(scheme: .http, host: "", port: 80, path: "/"))
}

extension ConfigurationValue where Value == BackendConfiguration {
    /// A URL, or a group of keys.
    static var backend: Self {
        let url = ConfigurationValue<EndpointURL>.backendURL
        return .short(
            ConfigurationValue(
                kind: url.kind,
                read: { node, current, reader in
                    url.read(node, current.url, &reader).map { BackendConfiguration(url: $0) }
                },
                text: { $0.url.text }),
            orLong: BackendConfiguration.section)
    }
}
