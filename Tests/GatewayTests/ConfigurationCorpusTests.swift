import Gateway
import Testing

/// Files in `Fixtures/configurations/broken`, each beside the complaints that it must get.
@Suite struct ConfigurationCorpusTests {
    private static let folder = "Tests/GatewayTests/Fixtures/configurations/broken"

    @Test(arguments: ConfigurationSupport.names(in: folder).filter { $0.hasSuffix(".conf") })
    func `a broken file gets exactly these complaints`(name: String) throws {
        let complaints = ConfigurationSupport.complaints(
            try ConfigurationSupport.file("\(Self.folder)/\(name)"), file: name)
        try ConfigurationSupport.expect(
            "\(Self.folder)/\(name.dropLast(5)).expected", toHold: complaints.map { "\($0)\n" }.joined())
    }

    @Test func `the corpus is there`() {
        #expect(ConfigurationSupport.names(in: Self.folder).count >= 90)
    }

    @Test func `no complaint shows a secret, a password or a character that a terminal acts on`() throws {
        for name in ConfigurationSupport.names(in: Self.folder) where name.hasSuffix(".expected") {
            let text = String(decoding: try ConfigurationSupport.file("\(Self.folder)/\(name)"), as: UTF8.self)
            #expect(!text.contains("hidden"))
            #expect(!text.contains("hunter2"))
            #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 && $0.value != 0x7F })
        }
    }

    @Test func `a byte order mark is no problem`() throws {
        let loaded = try ConfigurationSupport.load("\u{FEFF}pools: { tools: { backends: [http://a/mcp] } }")
        #expect(loaded.configuration.pools.count == 1)
    }

    @Test func `line ends of other systems are no problem`() throws {
        let loaded = try ConfigurationSupport.load("pools:\r\n  tools:\r\n    backends:\r\n      - http://a/mcp\r\n")
        #expect(loaded.configuration.pools[0].backends.count == 1)
        #expect(
            ConfigurationSupport.complaints("x: 1\r\ny: 2\r\n")
                == [
                    "gateway.conf:1:1: x: unknown key", "gateway.conf:1:1: pools: is missing",
                    "gateway.conf:2:1: y: unknown key",
                ])
    }

    @Test func `a document may say that it is one`() throws {
        let loaded = try ConfigurationSupport.load(
            "%YAML 1.2\n---\npools: { tools: { backends: [http://a/mcp] } }\n...\n")
        #expect(loaded.configuration.pools.count == 1)
    }
}
