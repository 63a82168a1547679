import Gateway
import Testing

@Suite struct ConfigurationSecretTests {
    private let pool = "pools: { tools: { backends: [http://127.0.0.1:9001/mcp] } }\n"

    @Test func `a secret prints as redacted, however it is printed`() throws {
        let loaded = try ConfigurationSupport.load("sessions: { key: env:GATEWAY_KEY }\n" + pool)
        let secret = try #require(loaded.configuration.sessions.key)
        #expect("\(secret)" == "<redacted>")
        #expect(String(reflecting: secret) == "<redacted>")
        var dumped = ""
        dump(loaded, to: &dumped)
        for text in [dumped, "\(loaded)", String(reflecting: loaded.configuration)] {
            #expect(!text.contains(ConfigurationSupport.secret))
            #expect(!text.contains(secret.value.map { "\($0)" }.joined(separator: ", ")))
        }
    }

    @Test func `a secret that only repeats a few characters is refused`() throws {
        let environment = ConfigurationEnvironment(variables: ["KEY": String(repeating: "secret", count: 10)])
        #expect(throws: ConfigurationRejection.self) {
            try ConfigurationLoader(environment: environment)
                .load(contents: Array(("sessions: { key: env:KEY }\n" + pool).utf8))
        }
    }

    @Test func `secrets of features that are not there need not exist`() throws {
        let loaded = try ConfigurationSupport.load(
            "pools: { tools: { backends: [http://a], credentials: { bearer: env:NO_SUCH_TOKEN } } }")
        #expect(
            loaded.configuration.pools[0].credentials.bearer
                == Secret(reference: .environment(name: "NO_SUCH_TOKEN"), value: []))
    }

    @Test(arguments: ["env:", "env:1A", "env:A-B", "ENV:A", "file:", "env: A", "hidden", "true", "[]", "{}", "~", "''"])
    func `anything but a reference is refused and not shown`(text: String) {
        #expect(
            ConfigurationSupport.complaints("sessions: { key: '\(text)' }\n" + pool).first
                == "gateway.conf:1:18: sessions.key: must be env:NAME or file:PATH; a secret itself must not stand in the file"
        )
    }
}
