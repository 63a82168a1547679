extension JSONScanner {
    /// Judges a whole JSON text: one value of any kind, white space around it.
    static func validate(_ bytes: ByteView, scratch: inout JSONScratch) throws(JSONError) {
        var visitor = JSONIndifferentVisitor()
        try JSONScanner(bytes).walk(rootField: (), &visitor, &scratch)
        guard scratch.duplicateOffset < 0 else { throw .duplicateName(offset: scratch.duplicateOffset) }
    }

    /// A watched container around the innermost one.
    private struct Frame<Field> {
        /// Its field, that of the value in it which is open, and where that begins.
        var container: Field
        var field: Field
        var start: Int
    }

    /// Reads the whole text and tells `visitor` of the values with fields; the outermost one has `rootField`.
    ///
    /// One loop for everything, so that its state stays in registers. Duplicate names are noted in the scratch and not
    /// thrown: what is wrong in form counts before what is wrong in content, wherever it stands.
    @inline(__always)
    func walk<Visitor: JSONVisitor>(
        rootField: Visitor.Field, _ visitor: inout Visitor, _ scratch: inout JSONScratch
    ) throws(JSONError) {
        scratch.begin()
        // Offsets have 32 bits.
        guard bytes.count <= Int(UInt32.max) else { throw .tooManyValues }
        var offset = skipSpace(0)
        var valueCount = 0
        var level = 0
        /// Which of the open containers are objects, the innermost lowest.
        var objects: UInt64 = 0

        // The values on this level are those directly in the innermost watched container, `container`.
        var watchedLevel = 0
        var container = Visitor.none
        var field = rootField
        var start = offset
        var isEscaped = false
        var frames = InlineArray<4, Frame<Visitor.Field>>(
            repeating: Frame(container: Visitor.none, field: Visitor.none, start: 0))

        while true {
            valueCount &+= 1
            guard valueCount <= JSONLimits.valueCount else { throw .tooManyValues }
            let isWatched = level == watchedLevel
            if isWatched { start = offset }
            var isOpening = false
            let first = byte(offset)
            switch first {
            case UInt8(ascii: "\""):
                let string = try string(offset &+ 1)
                isEscaped = string.isEscaped
                offset = string.end &+ 1
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard level < JSONLimits.depth else { throw .tooDeep }
                if isWatched, Visitor.watches(field), watchedLevel < 4 {
                    frames[watchedLevel & 3] = Frame(container: container, field: field, start: start)
                    container = field
                    field = visitor.elementField(in: container)
                    watchedLevel &+= 1
                }
                level &+= 1
                objects = objects &<< 1
                if first == UInt8(ascii: "{") {
                    objects |= 1
                    scratch.openObject()
                }
                offset &+= 1
                isOpening = true
            case UInt8(ascii: "-"), 0x30...0x39:
                offset = try number(offset)
            default:
                offset = try literal(offset)
            }
            // To the beginning of the next value, out of all containers that end before it.
            while true {
                if !isOpening {
                    if level == watchedLevel, Visitor.matters(field) {
                        visitor.take(field, from: start, to: offset, isEscaped: isEscaped, bytes)
                    }
                    if level == 0 { return try expectEnd(offset) }
                }
                offset = skipSpace(offset)
                let separator = byte(offset)
                let isObject = objects & 1 == 1
                if separator != (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    if !isOpening {
                        guard separator == UInt8(ascii: ",") else { throw .syntax(offset: offset) }
                        offset = skipSpace(offset &+ 1)
                    }
                    guard isObject else {
                        if level == watchedLevel { field = visitor.elementField(in: container) }
                        break
                    }
                    let member = try member(offset, &scratch)
                    offset = member.valueStart
                    if level == watchedLevel {
                        field = visitor.field(of: member.name, in: container, bytes, &scratch)
                    }
                    break
                }
                // The end of a container, which becomes the value that has just been read.
                if isObject { scratch.closeObject() }
                if level == watchedLevel {
                    watchedLevel &-= 1
                    let frame = frames[watchedLevel & 3]
                    container = frame.container
                    field = frame.field
                    start = frame.start
                }
                level &-= 1
                objects &>>= 1
                offset &+= 1
                isOpening = false
            }
        }
    }
}
