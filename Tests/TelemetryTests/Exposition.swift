/// A page in the text exposition format 0.0.4, read by its rules rather than by how we write it.
struct Exposition {
    struct Problem: Error, CustomStringConvertible {
        var description: String
    }

    struct Sample: Hashable {
        var name: String
        var labels: [String: String]
        var value: String
    }

    private(set) var types: [String: String] = [:]
    private(set) var help: [String: String] = [:]
    private(set) var samples: [Sample] = []

    /// Reads a page; throws at the first line that breaks a rule.
    init(_ text: String) throws {
        guard text.isEmpty || text.unicodeScalars.last == "\n" else {
            throw Problem(description: "no line feed at the end")
        }
        var finished: Set<String> = []
        var current = ""
        func enter(_ family: String) throws {
            guard family != current else { return }
            if !finished.insert(family).inserted { throw Problem(description: "\(family) is not in one piece") }
            current = family
        }
        // Scalars, not characters: CR and LF together are one character.
        for line in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            if line.starts(with: "# ".unicodeScalars) {
                let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
                guard words.count >= 3, Exposition.isName(words[2]) else {
                    throw Problem(description: "comment: \(line)")
                }
                try enter(words[2])
                switch words[1] {
                case "HELP":
                    guard help.updateValue(words.count > 3 ? words[3] : "", forKey: words[2]) == nil else {
                        throw Problem(description: "HELP twice: \(line)")
                    }
                case "TYPE":
                    guard types[words[2]] == nil, words.count == 4 else { throw Problem(description: "TYPE: \(line)") }
                    types[words[2]] = words[3]
                default: throw Problem(description: "comment: \(line)")
                }
                continue
            }
            let sample = try Exposition.sample(line)
            var family = sample.name
            for suffix in ["_bucket", "_sum", "_count"] where types[family] == nil && family.hasSuffix(suffix) {
                family = String(family.dropLast(suffix.count))
            }
            guard types[family] != nil else { throw Problem(description: "sample before its TYPE: \(line)") }
            try enter(family)
            guard !samples.contains(where: { $0.name == sample.name && $0.labels == sample.labels }) else {
                throw Problem(description: "the same series twice: \(line)")
            }
            samples.append(sample)
        }
    }

    /// The value of a series as it was written; `nil` when there is none.
    func value(_ name: String, _ labels: [String: String] = [:]) -> String? {
        samples.first { $0.name == name && $0.labels == labels }?.value
    }

    private static func isName(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && !(text.first?.isNumber ?? true)
            && text.utf8.allSatisfy {
                ($0 >= 0x30 && $0 <= 0x3A) || ($0 >= 0x41 && $0 <= 0x5A) || ($0 >= 0x61 && $0 <= 0x7A) || $0 == 0x5F
            }
    }

    private static func sample(_ line: Substring.UnicodeScalarView) throws -> Sample {
        var rest = line
        let nameEnd = rest.firstIndex { $0 == "{" || $0 == " " } ?? rest.endIndex
        let name = String(rest[..<nameEnd])
        rest = rest[nameEnd...]
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest.removeFirst()
            while rest.first != "}" {
                guard let equals = rest.firstIndex(of: "=") else { throw Problem(description: "label: \(line)") }
                let label = String(rest[..<equals])
                rest = rest[equals...].dropFirst()
                guard isName(label), !label.contains(":"), rest.popFirst() == "\"" else {
                    throw Problem(description: "label: \(line)")
                }
                var value = String.UnicodeScalarView()
                while let scalar = rest.popFirst(), scalar != "\"" {
                    guard scalar == "\\" else {
                        value.append(scalar)
                        continue
                    }
                    switch rest.popFirst() {
                    case "n": value.append("\n")
                    case "\\": value.append("\\")
                    case "\"": value.append("\"")
                    default: throw Problem(description: "escape: \(line)")
                    }
                }
                guard labels.updateValue(String(value), forKey: label) == nil else {
                    throw Problem(description: "label twice: \(line)")
                }
                if rest.first == "," {
                    rest.removeFirst()
                } else if rest.first != "}" {
                    throw Problem(description: "labels: \(line)")
                }
            }
            rest.removeFirst()
        }
        guard isName(name), rest.popFirst() == " " else { throw Problem(description: "sample: \(line)") }
        let value = String(rest)
        guard ["+Inf", "-Inf", "NaN"].contains(value) || (Double(value) != nil && !value.contains("n")) else {
            throw Problem(description: "value: \(line)")
        }
        return Sample(name: name, labels: labels, value: value)
    }
}
