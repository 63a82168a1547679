import Gateway
import Testing

@Suite struct ConfigurationSchemaTests {
    @Test func `the schema in docs is the one of the table`() throws {
        try ConfigurationSupport.expect("docs/gateway.schema.json", toHold: ConfigurationSchema.json())
    }

    @Test func `every key of the sample and of the long form is in the schema`() {
        let schema = ConfigurationSchema.json()
        for key in ["listen", "certificate", "backends", "health_check", "slow_call", "rate_limits", "otlp", "delay"] {
            #expect(schema.contains("\"\(key)\": {"))
        }
    }
}
