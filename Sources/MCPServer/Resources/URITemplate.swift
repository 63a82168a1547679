/// A pattern of URIs: RFC 6570 with simple expansion of one variable (level 1) and reserved expansion (level 2).
///
/// Matching takes time linear in the URI: each variable ends where the text behind it first comes, and two variables may
/// not stand side by side.
struct URITemplate: Sendable {
    private enum Part: Sendable {
        case text([UInt8])
        case variable(String, takesSlashes: Bool)
    }

    private let parts: [Part]

    /// The names of the variables, in order.
    var variables: [String] {
        parts.compactMap { if case .variable(let name, _) = $0 { name } else { nil } }
    }

    /// The pattern that `template` writes; `nil` if it is none, or one of higher levels.
    init?(_ template: String) {
        var parts: [Part] = []
        var rest = template.utf8[...]
        var names = Set<String>()
        while let first = rest.first {
            if first == UInt8(ascii: "{") {
                guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else { return nil }
                var name = rest[rest.index(after: rest.startIndex)..<end]
                let takesSlashes = name.first == UInt8(ascii: "+")
                if takesSlashes { name = name.dropFirst() }
                guard !name.isEmpty, name.allSatisfy(URITemplate.isNameByte),
                    let text = String(name), names.insert(text).inserted
                else { return nil }
                if case .variable = parts.last { return nil }
                parts.append(.variable(text, takesSlashes: takesSlashes))
                rest = rest[rest.index(after: end)...]
            } else {
                let end = rest.firstIndex(of: UInt8(ascii: "{")) ?? rest.endIndex
                let text = Array(rest[..<end])
                guard !text.contains(UInt8(ascii: "}")) else { return nil }
                parts.append(.text(text))
                rest = rest[end...]
            }
        }
        guard !parts.isEmpty else { return nil }
        self.parts = parts
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }

    /// What the variables stand for in `uri`; `nil` if the pattern does not match. No variable is empty.
    func match(_ uri: [UInt8]) -> [String: String]? {
        var values: [String: String] = [:]
        var offset = 0
        for (index, part) in parts.enumerated() {
            switch part {
            case .text(let text):
                guard uri[offset...].starts(with: text) else { return nil }
                offset += text.count
            case .variable(let name, let takesSlashes):
                guard let end = end(ofVariableAt: offset, before: index + 1, in: uri), end > offset,
                    takesSlashes || !uri[offset..<end].contains(UInt8(ascii: "/")),
                    let value = URITemplate.percentDecoded(uri[offset..<end])
                else { return nil }
                values[name] = value
                offset = end
            }
        }
        return offset == uri.count ? values : nil
    }

    /// Where the text of the part at `next` first comes behind `start`; the end for the last part.
    private func end(ofVariableAt start: Int, before next: Int, in uri: [UInt8]) -> Int? {
        guard next < parts.count, case .text(let text) = parts[next] else { return uri.count }
        // What ends the pattern ends the URI, too: the last place, not the first.
        if next == parts.count - 1 {
            let end = uri.count - text.count
            return end > start && uri[end...].elementsEqual(text) ? end : nil
        }
        return uri[start...].firstRange(of: text)?.lowerBound
    }

    private static func percentDecoded(_ bytes: ArraySlice<UInt8>) -> String? {
        var decoded: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                decoded.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexValue), let low = rest.popFirst().flatMap(hexValue) else {
                return nil
            }
            decoded.append(high << 4 | low)
        }
        return String(validating: decoded, as: UTF8.self)
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
