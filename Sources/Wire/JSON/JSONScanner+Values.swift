extension JSONScanner {
    /// The offset behind the value at `start`, in a text that has been validated; `nil` if the text ends before it does.
    func endOfValue(_ start: Int) -> Int? {
        var offset = start
        var depth = 0
        repeat {
            switch byte(offset) {
            case UInt8(ascii: "\""):
                guard let (end, _) = try? string(offset &+ 1) else { return nil }
                offset = end &+ 1
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth &+= 1
                offset &+= 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth &-= 1
                offset &+= 1
            case 0 where offset >= bytes.count:
                return nil
            default:
                // A scalar that is not a string ends where something else begins.
                offset = depth > 0 ? offset &+ 1 : endOfScalar(offset)
            }
        } while depth > 0
        return offset
    }

    private func endOfScalar(_ start: Int) -> Int {
        var offset = start
        while true {
            switch byte(offset) {
            case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), 0...0x20: return offset
            default: offset &+= 1
            }
        }
    }
}
