import ArgumentParser

/// A length of time on the command line: `250ms`, `10s`, `5m`.
struct DurationArgument: ExpressibleByArgument, Sendable {
    /// The length; zero or more.
    let duration: Duration

    init?(argument: String) {
        let units: [(suffix: String, milliseconds: Int64)] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)]
        guard let unit = units.first(where: { argument.hasSuffix($0.suffix) }),
            let number = UInt32(argument.dropLast(unit.suffix.count))
        else { return nil }
        duration = .milliseconds(Int64(number) * unit.milliseconds)
    }

    /// A whole number of seconds, for defaults.
    static func seconds(_ seconds: Int64) -> DurationArgument { DurationArgument(.seconds(seconds)) }

    private init(_ duration: Duration) {
        self.duration = duration
    }

    var defaultValueDescription: String { "\(duration.components.seconds)s" }
}

/// A number of bytes on the command line: `300`, `300B`, `64KiB`, `1MiB`.
struct SizeArgument: ExpressibleByArgument, Sendable {
    /// The largest payload: what fits into the largest body that this project's servers accept by default, twice.
    static let maximum = 8 << 20

    /// The number of bytes; zero or more.
    let byteCount: Int

    init?(argument: String) {
        let units: [(suffix: String, bytes: Int)] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("B", 1), ("", 1)]
        guard let unit = units.first(where: { argument.hasSuffix($0.suffix) }),
            let number = UInt32(argument.dropLast(unit.suffix.count)),
            Int(number) * unit.bytes <= SizeArgument.maximum
        else { return nil }
        byteCount = Int(number) * unit.bytes
    }
}

/// A header field on the command line: `Name: value`.
struct HeaderArgument: ExpressibleByArgument, Sendable {
    /// The line as it is sent, with its line end.
    let line: String

    init?(argument: String) {
        guard let colon = argument.utf8.firstIndex(of: UInt8(ascii: ":")), colon > argument.startIndex,
            argument.utf8[..<colon].allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            argument.utf8[colon...].allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
        else { return nil }
        line = argument + "\r\n"
    }
}
