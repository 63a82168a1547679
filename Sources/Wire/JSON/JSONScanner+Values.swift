extension JSONScanner {
    /// Judges a whole JSON text: one value of any kind, white space around it.
    static func validate(_ bytes: ByteView, scratch: inout JSONScratch) throws(JSONError) {
        scratch.begin()
        let scanner = JSONScanner(bytes)
        try scanner.expectEnd(scanner.skipValue(scanner.skipSpace(0), depth: 0, &scratch))
        guard scratch.duplicateOffset < 0 else { throw .duplicateName(offset: scratch.duplicateOffset) }
    }

    /// Counts one value.
    @inline(__always)
    func countValue(_ scratch: inout JSONScratch) throws(JSONError) {
        scratch.valueCount &+= 1
        guard scratch.valueCount <= JSONLimits.valueCount else { throw .tooManyValues }
    }

    /// Reads a value of any kind whose first byte is at `start` and that lies within `depth` containers; returns the
    /// offset behind it.
    ///
    /// Duplicate names are noted in the scratch and not thrown: what is wrong in form counts before what is wrong in
    /// content, wherever it stands.
    @inline(never)
    func skipValue(_ start: Int, depth: Int, _ scratch: inout JSONScratch) throws(JSONError) -> Int {
        var offset = start
        /// Which of the containers that were opened here are objects, the innermost lowest.
        var objects: UInt64 = 0
        var level = depth
        while true {
            try countValue(&scratch)
            var isOpening = false
            switch byte(offset) {
            case UInt8(ascii: "\""):
                offset = try string(offset &+ 1).end &+ 1
            case UInt8(ascii: "{"):
                guard level < JSONLimits.depth else { throw .tooDeep }
                level &+= 1
                objects = objects &<< 1 | 1
                scratch.openObject()
                offset &+= 1
                isOpening = true
            case UInt8(ascii: "["):
                guard level < JSONLimits.depth else { throw .tooDeep }
                level &+= 1
                objects = objects &<< 1
                offset &+= 1
                isOpening = true
            case UInt8(ascii: "-"), 0x30...0x39:
                offset = try number(offset)
            default:
                offset = try literal(offset)
            }
            // To the beginning of the next value, out of all containers that end before it.
            while true {
                if level == depth { return offset }
                if objects & 1 == 1 {
                    if try nextMember(&offset, isFirst: isOpening, &scratch) != nil { break }
                } else {
                    offset = skipSpace(offset)
                    let separator = byte(offset)
                    if separator == UInt8(ascii: "]") {
                        offset &+= 1
                    } else if isOpening {
                        break
                    } else if separator == UInt8(ascii: ",") {
                        offset = skipSpace(offset &+ 1)
                        break
                    } else {
                        throw .syntax(offset: offset)
                    }
                }
                level &-= 1
                objects &>>= 1
                isOpening = false
            }
        }
    }
}
