import Wire

/// A regular expression that is matched in time linear in the text, whatever the pattern: there is no backtracking that
/// a text could be made to blow up.
///
/// All alternatives are followed at once, code point by code point (Thompson, 1968). The standard library's `Regex` backtracks,
/// takes `é` in one and in two code points for equal, and cannot be shared between threads.
struct Pattern: Sendable {
    /// As it was written.
    let source: String
    private let program: PatternProgram
    /// Whether every match begins at the start of the text.
    private let isAnchored: Bool

    /// Reads a pattern; throws what is wrong with it.
    init(_ source: String) throws(PatternParser.Mistake) {
        self.source = source
        program = try PatternParser.parse(source)
        if case .start? = program.steps.first { isAnchored = true } else { isAnchored = false }
    }

    /// Whether the pattern matches somewhere in `text`, which is UTF-8. `budget` shrinks with each step; when it is used up
    /// there is no answer.
    func matches(_ text: ByteView, budget: inout Int) -> Bool? {
        var run = Run(program: program, text: text, budget: budget)
        defer { budget = run.budget }
        return run.matches(from: 0, isAnchored: isAnchored)
    }

    /// One program on its way through a text.
    private struct Run {
        let program: PatternProgram
        let text: ByteView
        var budget: Int
        /// The steps at which threads wait for the next code point: the first `threadCount`; likewise the others.
        private var threads: [Int]
        private var threadCount = 0
        private var nextThreads: [Int]
        private var nextCount = 0
        /// When each step was last reached: the number of a position, from 1.
        private var reached: [Int]
        private var round = 0
        private var pending: [Int] = []

        init(program: PatternProgram, text: ByteView, budget: Int) {
            self.program = program
            self.text = text
            self.budget = budget
            // No step is waited at twice, so these never grow.
            threads = Array(repeating: 0, count: program.steps.count)
            nextThreads = threads
            reached = threads
        }

        mutating func matches(from start: Int, isAnchored: Bool) -> Bool? {
            var offset = start
            while true {
                round &+= 1
                threadCount = 0
                // The threads that have come here go on to where they wait next.
                for index in 0..<nextCount {
                    guard let isMatch = follow(nextThreads[index], offset) else { return nil }
                    if isMatch { return true }
                }
                nextCount = 0
                if !isAnchored || offset == start {
                    guard let isMatch = follow(0, offset) else { return nil }
                    if isMatch { return true }
                }
                guard offset < text.count, !(isAnchored && threadCount == 0) else { return false }
                let (scalar, end) = Pattern.scalar(text, offset)
                budget &-= threadCount &+ 1
                guard budget > 0 else { return nil }
                for index in 0..<threadCount where reads(threads[index], scalar) {
                    nextThreads[nextCount] = threads[index] &+ 1
                    nextCount &+= 1
                }
                offset = end
            }
        }

        private func reads(_ step: Int, _ scalar: UInt32) -> Bool {
            switch program.steps[step] {
            case .scalar(let expected): expected == scalar
            case .oneOf(let index): program.classes[index].contains(scalar)
            case .split, .jump, .start, .end, .wordBoundary, .lookahead, .match: false
            }
        }

        /// Goes from a step through all that read nothing. Whether the end is reached.
        private mutating func follow(_ start: Int, _ offset: Int) -> Bool? {
            var step = start
            while true {
                var next: Int?
                if reached[step] != round {
                    reached[step] = round
                    budget &-= 1
                    guard budget > 0 else { return nil }
                    switch program.steps[step] {
                    case .scalar, .oneOf:
                        threads[threadCount] = step
                        threadCount &+= 1
                    case .split(let one, let other):
                        pending.append(other)
                        next = one
                    case .jump(let target): next = target
                    case .start: if offset == 0 { next = step &+ 1 }
                    case .end: if offset == text.count { next = step &+ 1 }
                    case .wordBoundary(let isWanted): if isBoundary(offset) == isWanted { next = step &+ 1 }
                    case .lookahead(let index, let isNegated):
                        var inner = Run(program: program.lookaheads[index], text: text, budget: budget)
                        let isMatch = inner.matches(from: offset, isAnchored: true)
                        budget = inner.budget
                        guard let isMatch else { return nil }
                        if isMatch != isNegated { next = step &+ 1 }
                    case .match: return true
                    }
                }
                guard let following = next ?? pending.popLast() else { return false }
                step = following
            }
        }

        private func isBoundary(_ offset: Int) -> Bool {
            // Characters of words are ASCII, so bytes tell.
            let before = offset > 0 && CharacterClass.isWord(UInt32(text[offset &- 1]))
            let behind = offset < text.count && CharacterClass.isWord(UInt32(text[offset]))
            return before != behind
        }
    }

    /// The code point at `offset` and the offset behind it. What is not UTF-8 is read byte by byte.
    private static func scalar(_ text: ByteView, _ offset: Int) -> (UInt32, Int) {
        let lead = text[offset]
        let count = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        guard count > 1, offset &+ count <= text.count else { return (UInt32(lead), offset &+ 1) }
        var scalar = UInt32(lead) & (0x7F &>> UInt32(count))
        for position in 1..<count { scalar = scalar &<< 6 | UInt32(text[offset &+ position] & 0x3F) }
        return (scalar, offset &+ count)
    }
}
