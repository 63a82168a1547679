/// Where clients connect.
package struct ListenerConfiguration: Hashable, Sendable {
    /// The address.
    package var address: SocketAddressSetting
    /// How connections are sealed; absent: not at all.
    package var tls: TLSSettings?

    package init(
        address: SocketAddressSetting = SocketAddressSetting(host: "127.0.0.1", port: 8_080),
        tls: TLSSettings? = nil
    ) {
        self.address = address
        self.tls = tls
    }
}

extension ListenerConfiguration {
    /// The keys of the long form.
    static let section = ConfigurationSection<Self>(
        { Self() },
        [
            ConfigurationKey("address", \.address, .address, "The address to listen on.", isRequired: true),
            ConfigurationKey(
                "tls", \.tls, .optional(.section(TLSSettings.section), from: .placeholder),
                "Speak TLS on this address, 1.2 or 1.3. Absent: plain HTTP."),
        ])
}

extension ConfigurationValue where Value == ListenerConfiguration {
    /// An address, or a group of keys.
    static var listener: Self {
        let address = ConfigurationValue<SocketAddressSetting>.address
        return .short(
            ConfigurationValue(
                kind: address.kind,
                read: { node, current, reader in
                    address.read(node, current.address, &reader).map { ListenerConfiguration(address: $0) }
                },
                text: { $0.address.text }),
            orLong: ListenerConfiguration.section)
    }
}

extension ConfigurationValue where Value == [ListenerConfiguration] {
    /// One address, or a list of addresses and groups of keys.
    static var listeners: Self {
        let one = ConfigurationValue<ListenerConfiguration>.listener
        let list = ConfigurationValue.list(of: one, 1...64, from: ListenerConfiguration()) {
            // With port 0 the system picks another port each time.
            $0.address.port == 0 ? nil : $0.address.text
        }
        return ConfigurationValue(
            kind: .either([.text(.address), list.kind]),
            read: { node, current, reader in
                if case .scalar = node.content {
                    return one.read(node, ListenerConfiguration(), &reader).map { [$0] }
                }
                return list.read(node, current, &reader)
            },
            text: { $0.count == 1 ? $0[0].address.text : list.text($0) },
            explain: { listeners, node in
                guard let node, case .scalar = node.content else { return list.explain(listeners, node) }
                return list.explain(listeners, YAMLNode(content: .sequence([node]), position: node.position))
            })
    }
}
