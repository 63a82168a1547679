/// Metrics in the text exposition format of Prometheus, version 0.0.4.
///
/// Samples may be added in any order: the format wants the lines of a family together and `HELP` and `TYPE` once before
/// them, so each family gathers its own lines until `write(into:)`. The first mention of a name decides its type;
/// samples of another type under the same name would make the whole page unreadable and are left out and counted in
/// `rejectedSampleCount`. Characters that names may not have become `_`.
package struct PrometheusText: Sendable {
    /// The types of metric families that are written here.
    package enum Kind: UInt8, Sendable {
        case counter, gauge, histogram

        /// The word after `# TYPE name`.
        package var label: StaticString {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    /// Names and values of the labels of one sample.
    package typealias Labels = [(String, String)]

    private struct Family: Sendable {
        var kind: Kind
        var name: [UInt8]
        var help: String
        var samples: [UInt8] = []
    }

    private var families: [Family] = []
    private var positions: [String: Int] = [:]

    /// Samples that were left out because their name already had another type.
    package private(set) var rejectedSampleCount = 0

    /// No metrics.
    package init() {}

    // MARK: Adding

    /// Makes the family known even if it gets no sample, so that its `HELP` and `TYPE` can be seen.
    package mutating func declare(_ name: String, _ kind: Kind, help: String) {
        _ = position(of: name, kind, help)
    }

    /// Adds a count that only grows.
    package mutating func counter(_ name: String, help: String, labels: Labels = [], _ value: Int) {
        add(name, .counter, help, labels) { $0.append(decimal: value) }
    }

    /// Adds a sum that only grows, such as seconds.
    @_disfavoredOverload
    package mutating func counter(_ name: String, help: String, labels: Labels = [], _ value: Double) {
        add(name, .counter, help, labels) { $0.append(sample: value) }
    }

    /// Adds a value that goes up and down.
    package mutating func gauge(_ name: String, help: String, labels: Labels = [], _ value: Int) {
        add(name, .gauge, help, labels) { $0.append(decimal: value) }
    }

    /// Adds a value that goes up and down.
    @_disfavoredOverload
    package mutating func gauge(_ name: String, help: String, labels: Labels = [], _ value: Double) {
        add(name, .gauge, help, labels) { $0.append(sample: value) }
    }

    /// Adds lengths of time, in seconds: cumulative buckets, sum and count.
    package mutating func histogram(
        _ name: String, help: String, labels: Labels = [], _ histogram: LatencyHistogram
    ) {
        self.histogram(
            name, help: help, labels: labels, bounds: LatencyHistogram.boundsInSeconds,
            counts: histogram.counts, sum: Double(histogram.sumNanoseconds) / 1e9)
    }

    /// Adds a histogram with any bounds; `counts` has one element more than `bounds`, for what is above the last.
    package mutating func histogram(
        _ name: String, help: String, labels: Labels = [], bounds: [Double], counts: [Int], sum: Double
    ) {
        guard let position = position(of: name, .histogram, help) else { return }
        let prefix = PrometheusText.labelText(labels)
        let family = families[position].name
        var cumulative = 0
        for (index, count) in counts.enumerated() {
            cumulative &+= count
            families[position].samples.append(contentsOf: family)
            families[position].samples.append(contentsOf: "_bucket{".utf8)
            if !prefix.isEmpty {
                families[position].samples.append(contentsOf: prefix)
                families[position].samples.append(UInt8(ascii: ","))
            }
            families[position].samples.append(contentsOf: "le=\"".utf8)
            families[position].samples.append(sample: index < bounds.count ? bounds[index] : .infinity)
            families[position].samples.append(contentsOf: "\"} ".utf8)
            families[position].samples.append(decimal: cumulative)
            families[position].samples.append(UInt8(ascii: "\n"))
        }
        write(position, suffix: "_sum", prefix) { $0.append(sample: sum) }
        write(position, suffix: "_count", prefix) { $0.append(decimal: cumulative) }
    }

    // MARK: Writing

    /// Appends the page: families in the order of their first mention.
    package func write(into output: inout [UInt8]) {
        output.reserveCapacity(output.count + families.reduce(0) { $0 + $1.samples.count + 256 })
        for family in families {
            if !family.help.isEmpty {
                output.append(contentsOf: "# HELP ".utf8)
                output.append(contentsOf: family.name)
                output.append(UInt8(ascii: " "))
                output.append(escaping: family.help, quotes: false)
                output.append(UInt8(ascii: "\n"))
            }
            output.append(contentsOf: "# TYPE ".utf8)
            output.append(contentsOf: family.name)
            output.append(UInt8(ascii: " "))
            output.append(text: family.kind.label)
            output.append(UInt8(ascii: "\n"))
            output.append(contentsOf: family.samples)
        }
    }

    /// The page as text.
    package var text: String {
        var output: [UInt8] = []
        write(into: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// `name` with every character that a metric's name may not have turned into `_`; label names may not have colons.
    package static func sanitized(_ name: String, allowsColon: Bool = true) -> [UInt8] {
        var bytes = name.utf8.map { byte -> UInt8 in
            let isLetter = (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
            let isDigit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
            return isLetter || isDigit || (allowsColon && byte == UInt8(ascii: ":")) ? byte : UInt8(ascii: "_")
        }
        if bytes.isEmpty || (bytes[0] >= UInt8(ascii: "0") && bytes[0] <= UInt8(ascii: "9")) {
            bytes.insert(UInt8(ascii: "_"), at: 0)
        }
        return bytes
    }

    private mutating func add(
        _ name: String, _ kind: Kind, _ help: String, _ labels: Labels, value: (inout [UInt8]) -> Void
    ) {
        guard let position = position(of: name, kind, help) else { return }
        write(position, suffix: "", PrometheusText.labelText(labels), value: value)
    }

    private mutating func write(
        _ position: Int, suffix: StaticString, _ labels: [UInt8], value: (inout [UInt8]) -> Void
    ) {
        let name = families[position].name
        families[position].samples.append(contentsOf: name)
        families[position].samples.append(text: suffix)
        if !labels.isEmpty {
            families[position].samples.append(UInt8(ascii: "{"))
            families[position].samples.append(contentsOf: labels)
            families[position].samples.append(UInt8(ascii: "}"))
        }
        families[position].samples.append(UInt8(ascii: " "))
        value(&families[position].samples)
        families[position].samples.append(UInt8(ascii: "\n"))
    }

    private mutating func position(of name: String, _ kind: Kind, _ help: String) -> Int? {
        if let position = positions[name] {
            guard families[position].kind == kind else {
                rejectedSampleCount += 1
                return nil
            }
            if families[position].help.isEmpty { families[position].help = help }
            return position
        }
        let sanitized = PrometheusText.sanitized(name)
        let canonical = String(decoding: sanitized, as: UTF8.self)
        if canonical != name {
            // Two spellings of one name are one family.
            guard let position = position(of: canonical, kind, help) else { return nil }
            positions[name] = position
            return position
        }
        positions[name] = families.count
        families.append(Family(kind: kind, name: sanitized, help: help))
        return families.count - 1
    }

    /// `a="x",b="y"`, without braces.
    static func labelText(_ labels: Labels) -> [UInt8] {
        var text: [UInt8] = []
        for (name, value) in labels {
            if !text.isEmpty { text.append(UInt8(ascii: ",")) }
            text.append(contentsOf: sanitized(name, allowsColon: false))
            text.append(contentsOf: "=\"".utf8)
            text.append(escaping: value, quotes: true)
            text.append(UInt8(ascii: "\""))
        }
        return text
    }
}

extension [UInt8] {
    /// Appends a sample's value: integers without a fraction, else the shortest decimal that reads back as the same.
    mutating func append(sample value: Double) {
        if value == .infinity {
            append(contentsOf: "+Inf".utf8)
        } else if value == -.infinity {
            append(contentsOf: "-Inf".utf8)
        } else if value.isNaN {
            append(contentsOf: "NaN".utf8)
        } else if let integer = Int(exactly: value), integer.magnitude < 1 << 53 {
            append(decimal: integer)
        } else {
            append(contentsOf: value.description.utf8)
        }
    }

    /// Appends `text` with backslash and line feed escaped, and quotes too in a label's value.
    fileprivate mutating func append(escaping text: String, quotes: Bool) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): append(contentsOf: "\\\\".utf8)
            case UInt8(ascii: "\n"): append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\"") where quotes: append(contentsOf: "\\\"".utf8)
            default: append(byte)
            }
        }
    }
}
