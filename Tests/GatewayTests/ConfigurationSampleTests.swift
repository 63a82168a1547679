import Gateway
import Testing

@Suite struct ConfigurationSampleTests {
    private let sample: String

    init() throws {
        sample = String(decoding: try ConfigurationSupport.file("gateway.conf"), as: UTF8.self)
    }

    @Test func `loads without problems and without warnings`() throws {
        let loaded = try ConfigurationSupport.load(sample)
        #expect(loaded.warnings.isEmpty)
        let configuration = loaded.configuration
        #expect(configuration.listeners.map(\.address.text) == ["127.0.0.1:8080"])
        #expect(configuration.admin.text == "127.0.0.1:9090")
        #expect(configuration.pools.map(\.name) == ["tools"])
        #expect(
            configuration.pools[0].backends.map(\.url.text)
                == (9001...9003).map { "http://127.0.0.1:\($0)/mcp" })
        #expect(configuration.routes == [RouteConfiguration(path: "/mcp", pool: "tools")])
    }

    @Test func `what is commented out are the defaults`() throws {
        var count = 0
        let lines = sample.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
            let indentation = line.prefix { $0 == " " }
            let rest = line.dropFirst(indentation.count)
            // "# text" is a comment; "#key: value" and, below such a line, "#  key: value" are settings.
            guard rest.first == "#", let second = rest.dropFirst().first,
                second != " " || rest.hasPrefix("#  ")
            else { return String(line) }
            count += 1
            return String(indentation + rest.dropFirst())
        }
        #expect(count >= 40)
        let loaded = try ConfigurationSupport.load(lines.joined(separator: "\n"))
        #expect(loaded.configuration == (try ConfigurationSupport.load(sample).configuration))
        #expect(loaded.warnings.isEmpty)
    }

    @Test func `names the schema in its first line`() {
        #expect(sample.hasPrefix("# yaml-language-server: $schema=docs/gateway.schema.json\n"))
    }

    @Test func `a misspelt key is found on its line`() {
        #expect(
            ConfigurationSupport.complaints(sample.replacing("listen:", with: "listn:")) == [
                #"gateway.conf:10:1: listn: unknown key; did you mean "listen"?"#
            ])
    }
}
