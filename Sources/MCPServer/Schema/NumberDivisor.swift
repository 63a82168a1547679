import Wire

/// What numbers must be multiples of.
struct NumberDivisor: Sendable {
    /// As the schema spells it.
    let literal: String
    /// The divisor is `digits` × 10^`power`; `digits` has no zero at its end.
    private let digits: UInt64
    private let power: Int

    /// The divisor that `number` spells; `nil` unless it is positive and has at most 18 digits.
    init?(_ number: JSONNumber) {
        guard let exact = ExactNumber(number), !exact.isNegative, (1...18).contains(exact.digits.count) else {
            return nil
        }
        literal = number.literal
        digits = exact.digits.reduce(0) { $0 &* 10 &+ UInt64($1) }
        power = exact.exponent &- exact.digits.count
    }

    /// Whether the number that `text` spells is a multiple. Linear time, without rounding.
    func divides(_ text: ByteView) -> Bool {
        if power == 0, let value = ExactNumber.small(text) { return value.magnitude % digits == 0 }
        guard let value = ExactNumber(text) else { return false }
        if value.digits.isEmpty { return true }
        // The last digit of `value` is not 0, so it is no multiple of a higher power of ten.
        let shift = value.exponent &- value.digits.count &- power
        guard shift >= 0 else { return false }
        let divisor = UInt128(digits)
        var remainder = value.digits.reduce(UInt128(0)) { ($0 &* 10 &+ UInt128($1)) % divisor }
        var base = UInt128(10) % divisor
        var left = shift
        while left > 0, remainder != 0 {
            if left & 1 == 1 { remainder = remainder &* base % divisor }
            base = base &* base % divisor
            left &>>= 1
        }
        return remainder == 0
    }
}
