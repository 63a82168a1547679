import Testing

@testable import MCPServer

@Suite struct URITemplateTests {
    @Test(
        arguments: [
            ("a://{x}", "a://1", ["x": "1"]), ("a://{x}", "a://1/2", nil), ("a://{+x}", "a://1/2", ["x": "1/2"]),
            ("a://{x}", "a://", nil), ("a://{x}", "b://1", nil), ("a://{x}/end", "a://1/end", ["x": "1"]),
            ("a://{x}/end", "a://1/end/end", nil), ("a://{+x}/end", "a://1/end/end", ["x": "1/end"]),
            ("a://{x}.{y}", "a://1.2.3", ["x": "1", "y": "2.3"]), ("{x}-{y}", "-", nil),
            ("{x}-{y}", "1-2", ["x": "1", "y": "2"]),
            ("a://{x}", "a://%C3%A9%20", ["x": "é "]), ("a://{x}", "a://%", nil), ("a://{x}", "a://%G0", nil),
            ("a://{x}", "a://%FF", nil), ("plain", "plain", [:]), ("plain", "plainer", nil),
            ("a://{x}/m/{y}", "a://1/m/2", ["x": "1", "y": "2"]), ("a://{x}/m/{y}", "a://1/n/2", nil),
        ] as [(String, String, [String: String]?)])
    func `matches`(_ template: String, _ uri: String, _ expected: [String: String]?) throws {
        #expect(try #require(URITemplate(template)).match(Array(uri.utf8)) == expected)
    }

    @Test(arguments: ["", "{", "{}", "}", "a}b", "{x}{y}", "{x}/{x}", "{x,y}", "{?q}", "{/p}", "{x*}", "{x:3}"])
    func `reads no pattern that it would not understand`(_ template: String) {
        #expect(URITemplate(template) == nil)
    }

    @Test func `matches a long hostile URI in little time`() throws {
        let template = try #require(URITemplate("{a}x{b}x{c}x{d}!"))
        let uri = [UInt8](repeating: UInt8(ascii: "x"), count: 200_000)
        let clock = ContinuousClock()
        let time = clock.measure { #expect(template.match(uri) == nil) }
        #expect(time < .seconds(2))
    }
}
