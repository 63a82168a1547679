import Gateway
import Testing

@Suite struct ConfigurationZoneTests {
    private let pool = "\npools: { tools: { backends: [{ url: http://a, zone: eu-west-1b }, http://b] } }"

    private func load(_ zone: String, variables: [String: String] = [:]) throws(ConfigurationRejection)
        -> GatewayConfiguration
    {
        let loader = ConfigurationLoader(environment: ConfigurationEnvironment(variables: variables))
        return try loader.load(contents: Array("zone: \(zone)\(pool)".utf8)).configuration
    }

    private func complaints(_ zone: String, variables: [String: String] = [:]) -> [String] {
        do {
            _ = try load(zone, variables: variables)
            return []
        } catch {
            return error.lines(file: "gateway.conf")
        }
    }

    @Test func `is a word of the file, or what an environment variable holds`() throws {
        #expect(try load("eu-west-1b").zone == "eu-west-1b")
        #expect(try load("env:ZONE", variables: ["ZONE": "eu-west-1c"]).zone == "eu-west-1c")
        #expect(try ConfigurationSupport.load("pools: { tools: { backends: [http://a] } }").configuration.zone == nil)
    }

    @Test func `a variable that is not set or holds no word is a problem`() {
        #expect(
            complaints("env:ZONE") == ["gateway.conf:1:7: zone: environment variable ZONE is not set"])
        for value in ["", "eu west", "zürich", String(repeating: "z", count: 65)] {
            #expect(
                complaints("env:ZONE", variables: ["ZONE": value])
                    == [
                        "gateway.conf:1:7: zone: environment variable ZONE must be 1…64 printable ASCII characters "
                            + "without spaces"
                    ])
        }
        #expect(complaints("'two words'").count == 1)
        #expect(complaints("[a]").count == 1)
    }

    @Test func `a backend is remote when its zone is another one, or is not known`() throws {
        let configuration = try load("eu-west-1b")
        let plan = GatewayPlan(configuration, shardCount: 1, seed: 1, now: .zero)
        #expect(plan.pools[0].backends.map(\.isRemote) == [false, true])
        var without = configuration
        without.zone = nil
        let plain = GatewayPlan(without, shardCount: 1, seed: 1, now: .zero)
        #expect(plain.pools[0].backends.map(\.isRemote) == [false, false])
    }
}
