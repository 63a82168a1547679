/// What a pattern is compiled to: a machine without captures, whose threads all step through a text together.
struct PatternProgram: Sendable {
    /// One step. Targets are positions in `steps`.
    enum Step: Sendable {
        /// Reads one code point.
        case scalar(UInt32)
        /// Reads one code point of the class at this place in `classes`.
        case oneOf(Int)
        case split(Int, Int)
        case jump(Int)
        case start
        case end
        /// Between a character of a word and none; or not.
        case wordBoundary(Bool)
        /// The text from here on begins with what the program at this place in `lookaheads` matches; or does not.
        case lookahead(Int, isNegated: Bool)
        case match
    }

    /// Beyond this a pattern is refused: each step may cost time at every position of a text.
    static let maximumSteps = 5_000

    /// The steps; the first one is where threads begin.
    var steps: [Step] = []
    /// The sets of code points that steps name.
    var classes: [CharacterClass] = []
    /// The programs that steps name.
    var lookaheads: [PatternProgram] = []
}
