import ArgumentParser

/// A length of time on the command line or in the environment: `250ms`, `10s`, `5m`, `1h`.
struct DurationArgument: ExpressibleByArgument, Hashable, Sendable {
    /// The length; zero or more.
    let duration: Duration

    init?(argument: String) {
        let units: [(suffix: String, milliseconds: Int64)] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)]
        guard let unit = units.first(where: { argument.hasSuffix($0.suffix) }) else { return nil }
        let digits = argument.dropLast(unit.suffix.count)
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt32(digits) else { return nil }
        duration = .milliseconds(Int64(number) * unit.milliseconds)
    }
}
