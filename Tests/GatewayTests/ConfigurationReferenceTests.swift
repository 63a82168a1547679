import Gateway
import Testing

@Suite struct ConfigurationReferenceTests {
    @Test func `the reference in docs is the one of the table`() throws {
        let committed = String(decoding: try ConfigurationSupport.file("docs/configuration.md"), as: UTF8.self)
        #expect(committed == ConfigurationReference.markdown(), "write it anew with `mcp-gateway check --reference`")
    }

    @Test func `defaults are those of the values`() {
        let text = ConfigurationReference.markdown()
        #expect(text.contains("| `window` | duration, 1s…5m | `10s` |"))
        #expect(text.contains("| `max_body` | size, 1KiB…256MiB | `4MiB` |"))
        #expect(text.contains("| `failure_rate` | share, 1%…100% | `50%` |"))
        #expect(text.contains("| `backends` | list of: URL or group"))
    }
}
