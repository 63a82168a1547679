import Gateway
import Testing

@Suite struct ConfigurationSchemaTests {
    @Test func `the schema in docs is the one of the table`() throws {
        let committed = String(decoding: try ConfigurationSupport.file("docs/gateway.schema.json"), as: UTF8.self)
        #expect(committed == ConfigurationSchema.json(), "write it anew with `mcp-gateway check --schema`")
    }

    @Test func `every key of the sample and of the long form is in the schema`() {
        let schema = ConfigurationSchema.json()
        for key in ["listen", "certificate", "backends", "health_check", "slow_call", "rate_limits", "otlp", "delay"] {
            #expect(schema.contains("\"\(key)\": {"))
        }
    }
}
