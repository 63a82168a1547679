import Testing
import Wire

@testable import MCPServer

@Suite struct ExactNumberTests {
    private func number(_ text: String) -> ExactNumber? {
        Array(text.utf8).withUnsafeBytes { ExactNumber(ByteView($0)) }
    }

    @Test func `orders numbers by their value, however they are spelled`() throws {
        let ascending = [
            "-1e400", "-10", "-9.99", "-1.5", "-1", "-0.1", "-1e-400", "0", "1e-400", "0.01", "0.1", "0.11", "1",
            "1.0000000000000000000000001", "1.5", "2", "10", "99", "9007199254740992", "9007199254740993", "1e400",
        ]
        for (index, left) in ascending.enumerated() {
            for (other, right) in ascending.enumerated() {
                let left = try #require(number(left))
                let right = try #require(number(right))
                #expect((left < right) == (index < other))
                #expect((left == right) == (index == other))
            }
        }
    }

    @Test(arguments: [["1", "1.0", "10e-1", "0.1E1", "1.000e+0"], ["0", "-0", "0.00", "0e7"], ["-120", "-1.2e2"]])
    func `takes different spellings for one number`(_ spellings: [String]) {
        #expect(Set(spellings.map { number($0) }).count == 1)
        #expect(number(spellings[0])?.isInteger == true)
    }

    @Test(arguments: ["", "-", "01", "1.", ".5", "1e", "+1", "0x1", "1 ", "--1", "1e+", "NaN"])
    func `refuses what is no number`(_ text: String) {
        #expect(number(text) == nil)
    }

    @Test func `agrees with integers about multiples`() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let divisor = Int64.random(in: 1...1_000, using: &random)
            let value = Int64.random(in: -1_000_000...1_000_000, using: &random)
            let compiled = try #require(NumberDivisor(JSONNumber(divisor)))
            for text in ["\(value)", "\(value).0", "\(value)0e-1"] {
                let divides = Array(text.utf8).withUnsafeBytes { compiled.divides(ByteView($0)) }
                #expect(divides == (value % divisor == 0), "\(text) / \(divisor)")
            }
            let scaled = try #require(JSONNumber("\(divisor)e-5").flatMap { NumberDivisor($0) })
            let divides = Array("\(value)e-5".utf8).withUnsafeBytes { scaled.divides(ByteView($0)) }
            #expect(divides == (value % divisor == 0), "\(value)e-5 / \(divisor)e-5")
        }
    }
}
