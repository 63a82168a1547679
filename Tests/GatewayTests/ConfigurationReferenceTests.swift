import Gateway
import Testing

@Suite struct ConfigurationReferenceTests {
    @Test func `the reference in docs is the one of the table`() throws {
        try ConfigurationSupport.expect("docs/configuration.md", toHold: ConfigurationReference.markdown())
    }

    @Test func `defaults are those of the values`() {
        let text = ConfigurationReference.markdown()
        #expect(text.contains("| `window` | duration, 1s…5m | `10s` |"))
        #expect(text.contains("| `max_body` | size, 1KiB…256MiB | `4MiB` |"))
        #expect(text.contains("| `failure_rate` | share, 1%…100% | `50%` |"))
        #expect(text.contains("| `backends` | list of: URL or group"))
    }
}
