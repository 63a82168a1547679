/// Reads a pattern: ECMA-262 regular expressions in Unicode mode, as JSON Schema recommends (2020-12 Core §6.4).
///
/// Back references, lookbehind and script properties are refused: they cannot be matched in linear time, or need tables
/// that are not there. Punctuation may be escaped without need, as many patterns do.
struct PatternParser {
    /// Why a pattern cannot be used.
    struct Mistake: Error {
        var message: String
    }

    private indirect enum Tree {
        case step(PatternProgram.Step)
        case oneOf(CharacterClass)
        case lookahead(Tree, isNegated: Bool)
        case sequence([Tree])
        case choice([Tree])
        case repetition(Tree, Int, Int?)
    }

    private let scalars: [Unicode.Scalar]
    private var offset = 0
    private var depth = 0

    /// The program of a pattern.
    static func parse(_ pattern: String) throws(Mistake) -> PatternProgram {
        var parser = PatternParser(scalars: Array(pattern.unicodeScalars))
        let tree = try parser.choice()
        guard parser.peek == nil else { throw Mistake(message: "a ) that closes nothing") }
        return try PatternParser.program(tree)
    }

    private init(scalars: [Unicode.Scalar]) {
        self.scalars = scalars
    }

    private var peek: Unicode.Scalar? { offset < scalars.count ? scalars[offset] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        offset += 1
        return true
    }

    private mutating func take(_ text: String) -> Bool {
        let expected = Array(text.unicodeScalars)
        guard scalars[offset...].starts(with: expected) else { return false }
        offset += expected.count
        return true
    }

    private mutating func next() throws(Mistake) -> Unicode.Scalar {
        guard let scalar = peek else { throw Mistake(message: "an end where something is missing") }
        offset += 1
        return scalar
    }

    // MARK: Grammar

    private mutating func choice() throws(Mistake) -> Tree {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 50 else { throw Mistake(message: "groups that lie too deep") }
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence() throws(Mistake) -> Tree {
        var parts: [Tree] = []
        while let scalar = peek, scalar != "|", scalar != ")" {
            let atom = try atom()
            parts.append(try repeated(atom))
        }
        return .sequence(parts)
    }

    private mutating func repeated(_ atom: Tree) throws(Mistake) -> Tree {
        let bounds: (Int, Int?)
        if take("*") {
            bounds = (0, nil)
        } else if take("+") {
            bounds = (1, nil)
        } else if take("?") {
            bounds = (0, 1)
        } else if let braces = braces() {
            bounds = braces
        } else {
            return atom
        }
        _ = take("?")
        if let scalar = peek, "*+?".unicodeScalars.contains(scalar) || braces() != nil {
            throw Mistake(message: "a repetition of a repetition")
        }
        guard max(bounds.0, bounds.1 ?? 0) <= PatternProgram.maximumSteps else {
            throw Mistake(message: "more repetitions than are allowed")
        }
        if let most = bounds.1, most < bounds.0 { throw Mistake(message: "a repetition whose bounds are exchanged") }
        return .repetition(atom, bounds.0, bounds.1)
    }

    /// `{n}`, `{n,}` or `{n,m}`; anything else that begins with a brace is text.
    private mutating func braces() -> (Int, Int?)? {
        let start = offset
        guard take("{") else { return nil }
        if let least = decimal() {
            if take("}") { return (least, least) }
            if take(",") {
                if take("}") { return (least, nil) }
                if let most = decimal(), take("}") { return (least, most) }
            }
        }
        offset = start
        return nil
    }

    private mutating func decimal() -> Int? {
        let start = offset
        var value = 0
        while let scalar = peek, (0x30...0x39).contains(scalar.value) {
            value = min(value * 10 + Int(scalar.value) - 0x30, 1_000_000)
            offset += 1
        }
        return offset > start ? value : nil
    }

    private mutating func atom() throws(Mistake) -> Tree {
        let scalar = try next()
        switch scalar {
        case "^": return .step(.start)
        case "$": return .step(.end)
        case ".": return .oneOf(CharacterClass(CharacterClass.lineEnds, isNegated: true))
        case "[": return .oneOf(try characterClass())
        case "(": return try group()
        case "\\": return try escape()
        case "*", "+", "?": throw Mistake(message: "\(scalar) that repeats nothing")
        default: return .step(.scalar(scalar.value))
        }
    }

    private mutating func group() throws(Mistake) -> Tree {
        var lookahead: Bool?
        if take("?=") {
            lookahead = false
        } else if take("?!") {
            lookahead = true
        } else if take("?<=") || take("?<!") {
            throw Mistake(message: "a lookbehind, which is not supported")
        } else if take("?<") {
            while try next() != ">" {}
        } else if take("?:") {
        } else if peek == "?" {
            throw Mistake(message: "an unknown kind of group")
        }
        let tree = try choice()
        guard take(")") else { throw Mistake(message: "a ( that is not closed") }
        return lookahead.map { .lookahead(tree, isNegated: $0) } ?? tree
    }

    // MARK: Escapes and classes

    private mutating func escape() throws(Mistake) -> Tree {
        switch peek {
        case "b":
            offset += 1
            return .step(.wordBoundary(true))
        case "B":
            offset += 1
            return .step(.wordBoundary(false))
        case let scalar? where (0x31...0x39).contains(scalar.value) || scalar == "k":
            throw Mistake(message: "a back reference, which is not supported")
        default:
            if let parts = try classEscape() { return .oneOf(parts) }
            return .step(.scalar(try characterEscape()))
        }
    }

    /// `\d`, `\w`, `\s`, `\p{…}` and their opposites, behind the backslash.
    private mutating func classEscape() throws(Mistake) -> CharacterClass? {
        guard let scalar = peek else { return nil }
        let result: CharacterClass
        switch scalar {
        case "d", "D": result = CharacterClass(CharacterClass.digits, isNegated: scalar == "D")
        case "w", "W": result = CharacterClass(CharacterClass.words, isNegated: scalar == "W")
        case "s", "S": result = CharacterClass(CharacterClass.spaces, isNegated: scalar == "S")
        case "p", "P":
            offset += 1
            guard take("{") else { throw Mistake(message: "\\\(scalar) without a property") }
            var name = ""
            while let scalar = peek, scalar != "}" {
                name.unicodeScalars.append(scalar)
                offset += 1
            }
            guard take("}"), let part = CharacterClass.property(name, isNegated: scalar == "P") else {
                throw Mistake(message: "\\\(scalar){\(name)}, which is not a property that is known here")
            }
            return CharacterClass([part])
        default: return nil
        }
        offset += 1
        return result
    }

    private mutating func characterEscape() throws(Mistake) -> UInt32 {
        let scalar = try next()
        switch scalar {
        case "t": return 0x09
        case "n": return 0x0A
        case "v": return 0x0B
        case "f": return 0x0C
        case "r": return 0x0D
        case "0":
            if let digit = peek, (0x30...0x39).contains(digit.value) { throw Mistake(message: "an octal escape") }
            return 0
        case "c":
            let letter = try next().value
            guard (0x41...0x5A).contains(letter & ~0x20) else { throw Mistake(message: "\\c without a letter") }
            return letter & 0x1F
        case "x": return try hexadecimal(2)
        case "u": return try codePoint()
        case let other where other.isASCII && !CharacterClass.isWord(other.value): return other.value
        default: throw Mistake(message: "\\\(scalar), which is no escape")
        }
    }

    private mutating func codePoint() throws(Mistake) -> UInt32 {
        if take("{") {
            var value: UInt32 = 0
            while let digit = peek, digit != "}" {
                guard let digit = Character(digit).hexDigitValue, value <= 0x10FFFF else {
                    throw Mistake(message: "\\u{…} that is no code point")
                }
                value = value << 4 | UInt32(digit)
                offset += 1
            }
            guard take("}"), value <= 0x10FFFF else { throw Mistake(message: "\\u{…} that is no code point") }
            return value
        }
        let first = try hexadecimal(4)
        let start = offset
        if first & 0xFC00 == 0xD800, take("\\u") {
            let second = try hexadecimal(4)
            if second & 0xFC00 == 0xDC00 { return 0x10000 + ((first & 0x3FF) << 10) + (second & 0x3FF) }
            offset = start
        }
        return first
    }

    private mutating func hexadecimal(_ count: Int) throws(Mistake) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let digit = Character(try next()).hexDigitValue else {
                throw Mistake(message: "an escape with too few hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    private mutating func characterClass() throws(Mistake) -> CharacterClass {
        let isNegated = take("^")
        var parts: [CharacterClass.Part] = []
        while !take("]") {
            guard peek != nil else { throw Mistake(message: "a [ that is not closed") }
            guard let low = try classMember(&parts) else { continue }
            guard peek == "-", offset + 1 < scalars.count, scalars[offset + 1] != "]" else {
                parts.append(.range(low...low))
                continue
            }
            offset += 1
            guard let high = try classMember(&parts) else {
                throw Mistake(message: "a range that ends with a class")
            }
            guard low <= high else { throw Mistake(message: "a range whose ends are exchanged") }
            parts.append(.range(low...high))
        }
        return CharacterClass(parts, isNegated: isNegated)
    }

    /// One code point, or `nil` after a class was added to `parts`.
    private mutating func classMember(_ parts: inout [CharacterClass.Part]) throws(Mistake) -> UInt32? {
        let scalar = try next()
        guard scalar == "\\" else { return scalar.value }
        if take("b") { return 0x08 }
        if take("-") { return 0x2D }
        if let inner = try classEscape() {
            parts.append(.nested(inner))
            return nil
        }
        return try characterEscape()
    }

    // MARK: Compilation

    private static func program(_ tree: Tree) throws(Mistake) -> PatternProgram {
        var program = PatternProgram()
        try add(tree, to: &program)
        program.steps.append(.match)
        return program
    }

    private static func add(_ tree: Tree, to program: inout PatternProgram) throws(Mistake) {
        guard program.steps.count < PatternProgram.maximumSteps else {
            throw Mistake(message: "more repetitions than are allowed")
        }
        switch tree {
        case .step(let step):
            program.steps.append(step)
        case .oneOf(let set):
            program.classes.append(set)
            program.steps.append(.oneOf(program.classes.count - 1))
        case .lookahead(let inner, let isNegated):
            program.lookaheads.append(try self.program(inner))
            program.steps.append(.lookahead(program.lookaheads.count - 1, isNegated: isNegated))
        case .sequence(let parts):
            for part in parts { try add(part, to: &program) }
        case .choice(let branches):
            try add(branches[...], to: &program)
        case .repetition(let inner, let least, let most):
            for _ in 0..<least { try add(inner, to: &program) }
            guard let most else {
                // split(inside, behind); inside; jump back
                let split = program.steps.count
                program.steps.append(.match)
                try add(inner, to: &program)
                program.steps.append(.jump(split))
                program.steps[split] = .split(split + 1, program.steps.count)
                return
            }
            var splits: [Int] = []
            for _ in least..<most {
                splits.append(program.steps.count)
                program.steps.append(.match)
                try add(inner, to: &program)
            }
            for split in splits { program.steps[split] = .split(split + 1, program.steps.count) }
        }
    }

    private static func add(_ branches: ArraySlice<Tree>, to program: inout PatternProgram) throws(Mistake) {
        var jumps: [Int] = []
        for (index, branch) in branches.enumerated() {
            guard index < branches.count - 1 else {
                try add(branch, to: &program)
                break
            }
            let split = program.steps.count
            program.steps.append(.match)
            try add(branch, to: &program)
            jumps.append(program.steps.count)
            program.steps.append(.match)
            program.steps[split] = .split(split + 1, program.steps.count)
        }
        for jump in jumps { program.steps[jump] = .jump(program.steps.count) }
    }
}
