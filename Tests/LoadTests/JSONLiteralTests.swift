import Testing

@testable import mcp_load

@Suite struct JSONLiteralTests {
    @Test(arguments: [
        (0.0, 0, "0"), (1.25, 1, "1.3"), (0.004, 2, "0.00"), (0.005, 2, "0.01"), (-0.5, 1, "-0.5"), (-0.001, 2, "0.00"),
        (1_234.5678, 3, "1234.568"), (.infinity, 1, "null"), (.nan, 1, "null"),
    ])
    func `writes numbers with so many places`(value: Double, places: Int, text: String) {
        #expect(JSONLiteral.number(value, places: places) == text)
    }

    @Test func `writes objects in the order of their members`() {
        #expect(JSONLiteral.object([("b", "1"), ("a\n", "null")]) == #"{"b":1,"a\n":null}"#)
    }
}
