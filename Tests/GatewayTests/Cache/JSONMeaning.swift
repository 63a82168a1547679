import Resilience

/// What a JSON text means, apart from how it is spelled; the model against which keys are compared.
indirect enum JSONMeaning: Equatable {
    case literal(String)
    /// `digits` × 10^`exponent`; the digits have no zeros at their ends, and are empty for zero.
    case number(isNegative: Bool, digits: [UInt8], exponent: Int)
    /// As scalars: what Swift takes for the same text is not the same here.
    case text([UInt32])
    case list([JSONMeaning])
    case object([Member])

    struct Member: Equatable {
        var name: [UInt32]
        var value: JSONMeaning
    }

    static func random(depth: Int, _ random: inout SeededRandom) -> JSONMeaning {
        switch random.next() % (depth > 0 ? 6 : 4) {
        case 0: return .literal(["true", "false", "null"][Int(random.next() % 3)])
        case 1: return randomNumber(&random)
        case 2, 3: return .text(randomText(&random))
        case 4: return .list((0..<random.next() % 4).map { _ in .random(depth: depth - 1, &random) })
        default: return randomObject(depth: depth, &random)
        }
    }

    static func randomObject(depth: Int, _ random: inout SeededRandom) -> JSONMeaning {
        var members: [Member] = []
        for _ in 0..<random.next() % 5 {
            let name = randomText(&random)
            guard !members.contains(where: { $0.name == name }), name != Array("_meta".unicodeScalars.map(\.value))
            else { continue }
            members.append(Member(name: name, value: .random(depth: depth - 1, &random)))
        }
        return .object(members)
    }

    private static func randomNumber(_ random: inout SeededRandom) -> JSONMeaning {
        guard random.next() % 8 > 0 else { return .number(isNegative: false, digits: [], exponent: 0) }
        var digits = (0...random.next() % 20).map { _ in UInt8(random.next() % 10) }
        digits[0] = UInt8(random.next() % 9) + 1
        digits[digits.count - 1] = UInt8(random.next() % 9) + 1
        return .number(isNegative: random.next() % 2 == 0, digits: digits, exponent: Int(random.next() % 40) - 25)
    }

    /// Letters, what needs escapes, `é` and `Å` in one scalar and in two, what lies beyond U+FFFF.
    private static let alphabet: [UInt32] = [
        0x61, 0x62, 0x65, 0x22, 0x5C, 0x2F, 0, 0x0A, 0x1F, 0x7F, 0x20, 0xE9, 0x301, 0x41, 0x30A, 0xC5, 0x212B, 0xFB33,
        0xFFFD, 0x1F600, 0x200D,
    ]

    private static func randomText(_ random: inout SeededRandom) -> [UInt32] {
        (0..<random.next() % 6).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))] }
    }
}

// MARK: Spelling

extension JSONMeaning {
    /// One of the many ways to write it.
    func spelled(_ random: inout SeededRandom) -> [UInt8] {
        let space = Self.space(&random)
        switch self {
        case .literal(let text):
            return space + Array(text.utf8) + Self.space(&random)
        case .number(let isNegative, let digits, let exponent):
            return space + Array(Self.spell(isNegative, digits, exponent, &random).utf8) + Self.space(&random)
        case .text(let scalars):
            return space + Self.spell(scalars, &random) + Self.space(&random)
        case .list(let values):
            let inside = values.map { $0.spelled(&random) }.joined(separator: [0x2C])
            return space + [0x5B] + Self.space(&random) + inside + [0x5D] + Self.space(&random)
        case .object(let members):
            let inside = members.shuffled(using: &random).map { member in
                Self.space(&random) + Self.spell(member.name, &random) + Self.space(&random) + [0x3A]
                    + member.value.spelled(&random)
            }
            return space + [0x7B] + Self.space(&random) + inside.joined(separator: [0x2C]) + [0x7D]
                + Self.space(&random)
        }
    }

    static func spell(_ scalars: [UInt32], _ random: inout SeededRandom) -> [UInt8] {
        var text: [UInt8] = [0x22]
        for scalar in scalars {
            let short: [UInt32: String] = [0x22: "\\\"", 0x5C: "\\\\", 0x2F: "\\/", 0x0A: "\\n"]
            let mustEscape = scalar < 0x20 || scalar == 0x22 || scalar == 0x5C
            switch random.next() % 3 {
            case 0 where !mustEscape, 1 where !mustEscape:
                text += Array(String(Character(Unicode.Scalar(scalar) ?? " ")).utf8)
            case 0 where short[scalar] != nil:
                text += Array((short[scalar] ?? "").utf8)
            default:
                for unit in String(Character(Unicode.Scalar(scalar) ?? " ")).utf16 {
                    let digits = String(unit, radix: 16, uppercase: random.next() % 2 == 0)
                    text += Array(("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
                }
            }
        }
        return text + [0x22]
    }

    /// Moves the point about, and adds zeros that say nothing.
    private static func spell(
        _ isNegative: Bool, _ digits: [UInt8], _ exponent: Int, _ random: inout SeededRandom
    ) -> String {
        guard !digits.isEmpty else {
            return ["0", "-0", "0.0", "0e7", "-0.00E-3"][Int(random.next() % 5)]
        }
        var text = digits.map { String($0) }.joined()
        var power = exponent
        let zeros = Int(random.next() % 3)
        text += String(repeating: "0", count: zeros)
        power -= zeros
        // Some digits go behind the point; if all do, a zero stands before it.
        let behind = Int(random.next() % UInt64(text.count + 2))
        power += behind
        if behind > 0 {
            if behind >= text.count { text = String(repeating: "0", count: behind - text.count + 1) + text }
            text.insert(".", at: text.index(text.endIndex, offsetBy: -behind))
        }
        let sign = power < 0 ? "-" : ["", "+"][Int(random.next() % 2)]
        let isShort = power == 0 && random.next() % 2 == 0
        return (isNegative ? "-" : "") + text
            + (isShort ? "" : ["e", "E"][Int(random.next() % 2)] + sign + ["", "0"][Int(random.next() % 2)])
            + (isShort ? "" : String(abs(power)))
    }

    static func space(_ random: inout SeededRandom) -> [UInt8] {
        guard random.next() % 4 == 0 else { return [] }
        return (0..<random.next() % 4).map { _ in [0x20, 0x09, 0x0A, 0x0D][Int(random.next() % 4)] }
    }
}

// MARK: Change

extension JSONMeaning {
    /// Something that means something else, as little different as it gets.
    func changed(_ random: inout SeededRandom) -> JSONMeaning {
        switch self {
        case .literal(let text):
            return .literal(text == "true" ? "false" : text == "false" ? "null" : "true")
        case .number(let isNegative, let digits, let exponent):
            guard !digits.isEmpty else { return .number(isNegative: false, digits: [1], exponent: -30) }
            switch random.next() % 3 {
            case 0: return .number(isNegative: !isNegative, digits: digits, exponent: exponent)
            case 1: return .number(isNegative: isNegative, digits: digits, exponent: exponent + 1)
            default: return .number(isNegative: isNegative, digits: digits + [1], exponent: exponent - 1)
            }
        case .text(let scalars):
            return .text(Self.changed(scalars, &random))
        case .list(var values):
            guard let index = values.indices.randomElement(using: &random) else { return .object([]) }
            if index > 0, values[index] != values[0], random.next() % 2 == 0 {
                values.swapAt(0, index)
            } else {
                values[index] = values[index].changed(&random)
            }
            return .list(values)
        case .object(var members):
            guard let index = members.indices.randomElement(using: &random) else {
                return .object([Member(name: [0x78], value: .literal("null"))])
            }
            switch random.next() % 3 {
            case 0: members[index].value = members[index].value.changed(&random)
            case 1: members.remove(at: index)
            default: members[index].name += [0x78, 0x79, 0x7A, 0x78, 0x79, 0x7A]
            }
            return .object(members)
        }
    }

    private static func changed(_ scalars: [UInt32], _ random: inout SeededRandom) -> [UInt32] {
        // What is canonically the same to Swift comes first.
        let twins: [UInt32: [UInt32]] = [0xE9: [0x65, 0x301], 0xC5: [0x41, 0x30A], 0x212B: [0xC5]]
        if let index = scalars.firstIndex(where: { twins[$0] != nil }) {
            return scalars[..<index] + (twins[scalars[index]] ?? []) + scalars[(index + 1)...]
        }
        return random.next() % 2 == 0 || scalars.isEmpty ? scalars + [0x61] : Array(scalars.dropLast())
    }
}
