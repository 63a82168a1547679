import Testing

@testable import Wire

struct DecimalNumberTests {
    private func areEqual(_ left: String, _ right: String) -> Bool? {
        Array(left.utf8).withUnsafeBytes { leftBytes in
            Array(right.utf8).withUnsafeBytes { rightBytes in
                guard let left = DecimalNumber(ByteView(leftBytes)), let right = DecimalNumber(ByteView(rightBytes))
                else { return nil }
                #expect(left.equals(right) == right.equals(left))
                return left.equals(right)
            }
        }
    }

    @Test(arguments: [
        ("42", "42.0"), ("42", "4.2e1"), ("42", "420E-1"), ("42", "0.042e+3"), ("-7", "-7.00"), ("0", "-0"),
        ("0", "0.000e99"), ("100", "1e2"), ("0.5", "5e-1"), ("0.05", "5e-2"), ("1000.10", "1.0001e3"),
        ("9007199254740993", "9007199254740993.0"), ("1e400", "10e399"), ("1.5e-400", "0.15e-399"),
    ])
    func `takes numbers of the same value for equal`(left: String, right: String) {
        #expect(areEqual(left, right) == true)
        #expect(areEqual("-" + left, right) != true || right.allSatisfy { "0.-e9".contains($0) })
    }

    @Test(arguments: [
        ("42", "43"), ("42", "-42"), ("42", "420"), ("42", "4.2"), ("42", "42.1"),
        ("9007199254740993", "9007199254740992"),
        ("0", "1e-400"), ("1e1000000000", "1e1000000001"), ("1e99999999999999999999", "1e99999999999999999998"),
        ("101", "11"), ("1.01", "1.1"),
    ])
    func `tells numbers of different values apart`(left: String, right: String) {
        #expect(areEqual(left, right) == false)
    }

    @Test(arguments: [
        "", "-", "+1", "01", ".5", "1.", "1e", "1e+", "0x10", "1 ", " 1", "1,0", "NaN", "--1", "1e1.5", "-01",
    ])
    func `reads only what JSON takes for a number`(text: String) {
        #expect(areEqual(text, "1") == nil)
    }

    @Test func `takes linear time whatever the digits`() {
        let digits = String(repeating: "7", count: 100_000)
        #expect(areEqual(digits, digits + ".000") == true)
        #expect(areEqual("0." + String(repeating: "0", count: 100_000) + "1", "1e-100001") == true)
    }
}
