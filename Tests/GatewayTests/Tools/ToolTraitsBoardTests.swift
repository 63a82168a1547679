import Gateway
import Testing
import Wire

@Suite struct `a board of tool traits` {
    private func traits(_ tools: [String: Bool]) -> ToolTraits {
        var traits = ToolTraits()
        for (name, isRepeatable) in tools {
            let isNoted = note(Array(name.utf8), isRepeatable: isRepeatable, in: &traits)
            #expect(isNoted)
        }
        return traits
    }

    /// `#expect` cannot hold what changes.
    private func note(_ name: [UInt8], isRepeatable: Bool, in traits: inout ToolTraits) -> Bool {
        traits.note(name, isRepeatable: isRepeatable)
    }

    private func asks(_ board: ToolTraitsBoard, _ json: String) -> Bool {
        let bytes = Array(json.utf8)
        let name = JSONText(range: ByteRange(from: 0, to: bytes.count), isEscaped: json.contains("\\"))
        return bytes.withUnsafeBytes { board.isRepeatable(name, in: ByteView($0)) }
    }

    @Test func `knows of nothing at first`() {
        #expect(!asks(ToolTraitsBoard(), "read"))
    }

    @Test func `says what the only backend says`() {
        let board = ToolTraitsBoard()
        board.note(traits(["read": true, "charge": false, "größe": true]), of: 0, changeCount: 0)
        #expect(asks(board, "read"))
        #expect(!asks(board, "charge"))
        #expect(!asks(board, "rea"))
        #expect(!asks(board, "Read"))
        #expect(asks(board, "größe"))
        #expect(asks(board, "gr\\u00f6\\u00dfe"))
    }

    @Test func `needs all that list a tool to agree, and one that lists it`() {
        let board = ToolTraitsBoard()
        board.note(traits(["read": true, "own": true]), of: 0, changeCount: 0)
        board.note(traits(["read": false]), of: 1, changeCount: 0)
        #expect(!asks(board, "read"))
        #expect(asks(board, "own"))
        board.forget(1)
        #expect(asks(board, "read"))
        board.forget(0)
        #expect(!asks(board, "read") && !asks(board, "own"))
    }

    @Test func `takes nothing for repeatable between a change and the new lists of all`() {
        let board = ToolTraitsBoard()
        for backend in 0...1 { board.note(traits(["read": true]), of: backend, changeCount: 0) }
        let before = board.changeCount
        board.noteChange()
        #expect(!asks(board, "read"))
        // A list that was asked for before the change may be from before it.
        board.note(traits(["read": true]), of: 0, changeCount: before)
        #expect(!asks(board, "read"))
        board.note(traits(["read": true]), of: 0, changeCount: board.changeCount)
        #expect(!asks(board, "read"))
        board.note(traits(["read": true]), of: 1, changeCount: board.changeCount)
        #expect(asks(board, "read"))
    }

    @Test func `waits for the new list of the backend that has changed, and of no other`() {
        let board = ToolTraitsBoard()
        for backend in 0...1 { board.note(traits(["read": true]), of: backend, changeCount: 0) }
        board.noteChange(of: ToolTraitsBoard.Source(board, backend: 0))
        #expect(!asks(board, "read"))
        // That backend 1 hangs is nothing that its list would tell.
        board.note(traits(["read": true]), of: 0, changeCount: board.changeCount)
        #expect(asks(board, "read"))
        board.noteChange(of: ToolTraitsBoard.Source(board, backend: 1))
        board.note(traits(["read": true]), of: 0, changeCount: board.changeCount)
        #expect(!asks(board, "read"))
        // Who has no list that counts changes nothing by changing.
        board.forget(1)
        #expect(asks(board, "read"))
        board.noteChange(of: ToolTraitsBoard.Source(board, backend: 1))
        #expect(asks(board, "read"))
        // Whom another board means by a number is not known here.
        board.noteChange(of: ToolTraitsBoard.Source(ToolTraitsBoard(), backend: 1))
        #expect(!asks(board, "read"))
        board.note(traits(["read": false]), of: 1, changeCount: board.changeCount)
        #expect(!asks(board, "read"))
    }

    @Test func `does not wait for a backend that is forgotten`() {
        let board = ToolTraitsBoard()
        for backend in 0...1 { board.note(traits(["read": true]), of: backend, changeCount: 0) }
        board.noteChange()
        board.note(traits(["read": true]), of: 0, changeCount: 1)
        board.forget(1)
        #expect(asks(board, "read"))
    }

    @Test func `has a bound for names and for tools`() {
        var traits = ToolTraits()
        let longest = String(repeating: "n", count: ToolTraits.longestName)
        var isNoted = note(Array(longest.utf8), isRepeatable: true, in: &traits)
        #expect(isNoted)
        isNoted = note(Array((longest + "n").utf8), isRepeatable: true, in: &traits)
        #expect(isNoted)
        #expect(traits.isRepeatable.count == 1)
        for number in 1..<ToolTraits.countLimit {
            let isNoted = note(Array("\(number)".utf8), isRepeatable: true, in: &traits)
            #expect(isNoted)
        }
        isNoted = note(Array("one more".utf8), isRepeatable: true, in: &traits)
        #expect(!isNoted)
        isNoted = note(Array("17".utf8), isRepeatable: false, in: &traits)
        #expect(isNoted)
        let board = ToolTraitsBoard()
        board.note(traits, of: 0, changeCount: 0)
        #expect(asks(board, longest) && asks(board, "4095"))
        #expect(!asks(board, longest + "n") && !asks(board, "one more"))
        #expect(!asks(board, "17"), "both times or not at all")
        #expect(!asks(board, String(repeating: "n", count: 10_000)))
    }
}
