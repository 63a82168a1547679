import NIOCore

/// Writes the canonical form of a text in one pass over it: values go out in the order of the text, and an object whose
/// members were not in order is rearranged when it closes.
///
/// Nothing is recursive. Takes linear time for texts that are in order, and at most as many passes more as the text is deep.
struct JSONCanonicalWriter {
    private struct Container {
        var isObject: Bool
        /// Where its members begin among `members`.
        var firstMember: Int
        /// Where its inside begins in the buffer.
        var start: Int
    }

    /// A member of an open object, as places in the buffer.
    private struct Member {
        var start: Int
        /// The name between its quotes.
        var name: Range<Int>
        var isEscaped: Bool
        var end: Int
        /// Where the name is in the text.
        var offset: Int
    }

    private let scanner: JSONScanner
    private var offset: Int
    private var valueCount = 0
    private var open: [Container] = []
    private var members: [Member] = []
    /// The first second name of an object that was found. What is wrong in form counts before it, wherever it stands.
    private var duplicateOffset: Int?

    /// Appends the canonical form of `text` to `buffer`.
    static func write(_ text: ByteView, into buffer: inout ByteBuffer) throws(JSONError) {
        // Offsets have 32 bits.
        guard text.count <= Int(UInt32.max) else { throw .tooManyValues }
        var writer = JSONCanonicalWriter(text)
        buffer.reserveCapacity(minimumWritableBytes: text.count)
        try writer.write(into: &buffer)
    }

    private init(_ text: ByteView) {
        scanner = JSONScanner(text)
        offset = scanner.skipSpace(0)
    }

    private mutating func write(into buffer: inout ByteBuffer) throws(JSONError) {
        while true {
            valueCount &+= 1
            guard valueCount <= JSONLimits.valueCount else { throw .tooManyValues }
            guard try !begin(&buffer) else { continue }
            // A value has ended, and all containers that end with it.
            while let container = open.last {
                if container.isObject { members[members.count &- 1].end = buffer.writerIndex }
                offset = scanner.skipSpace(offset)
                if scanner.byte(offset) == UInt8(ascii: ",") {
                    offset = scanner.skipSpace(offset &+ 1)
                    buffer.writeInteger(UInt8(ascii: ","))
                    if container.isObject { try beginMember(&buffer) }
                    break
                }
                guard scanner.byte(offset) == (container.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                    throw .syntax(offset: offset)
                }
                if container.isObject { sortMembers(of: container, &buffer) }
                buffer.writeInteger(scanner.byte(offset))
                offset &+= 1
                open.removeLast()
            }
            guard open.isEmpty else { continue }
            try scanner.expectEnd(offset)
            if let duplicateOffset { throw .duplicateName(offset: duplicateOffset) }
            return
        }
    }

    /// Reads a scalar or an empty container, or opens a container: then `true`, and its first value is next.
    private mutating func begin(_ buffer: inout ByteBuffer) throws(JSONError) -> Bool {
        let start = offset
        let first = scanner.byte(offset)
        switch first {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard open.count < JSONLimits.depth else { throw .tooDeep }
            let isObject = first == UInt8(ascii: "{")
            buffer.writeInteger(first)
            offset = scanner.skipSpace(offset &+ 1)
            let end = isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
            if scanner.byte(offset) == end {
                buffer.writeInteger(end)
                offset &+= 1
                return false
            }
            open.append(Container(isObject: isObject, firstMember: members.count, start: buffer.writerIndex))
            if isObject { try beginMember(&buffer) }
            return true
        case UInt8(ascii: "\""):
            _ = try writeString(&buffer)
        case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"):
            offset = try scanner.literal(offset)
            buffer.writeBytes(scanner.bytes.slice(from: start, to: offset).raw)
        default:
            offset = try scanner.number(offset)
            buffer.writeCanonicalNumber(scanner.bytes.slice(from: start, to: offset))
        }
        return false
    }

    /// Reads a name and goes on to its value.
    private mutating func beginMember(_ buffer: inout ByteBuffer) throws(JSONError) {
        guard scanner.byte(offset) == UInt8(ascii: "\"") else { throw .syntax(offset: offset) }
        let nameOffset = offset &+ 1
        let start = buffer.writerIndex
        let written = try writeString(&buffer)
        let name = (start &+ 1)..<(buffer.writerIndex &- 1)
        guard written.length <= JSONLimits.nameBytes else { throw .nameTooLong }
        members.append(
            Member(
                start: start, name: name, isEscaped: written.isEscaped, end: buffer.writerIndex, offset: nameOffset))
        offset = scanner.skipSpace(offset)
        guard scanner.byte(offset) == UInt8(ascii: ":") else { throw .syntax(offset: offset) }
        buffer.writeInteger(UInt8(ascii: ":"))
        offset = scanner.skipSpace(offset &+ 1)
    }

    /// Reads a string; how many bytes it has without escapes, and whether it has some as it was written.
    private mutating func writeString(
        _ buffer: inout ByteBuffer
    ) throws(JSONError) -> (length: Int, isEscaped: Bool) {
        let start = offset &+ 1
        let (end, isEscaped) = try scanner.string(start)
        offset = end &+ 1
        guard isEscaped else {
            // What has no escapes needs none.
            buffer.writeBytes(scanner.bytes.slice(from: start &- 1, to: end &+ 1).raw)
            return (end &- start, false)
        }
        let text = JSONText(range: ByteRange(from: start, to: end), isEscaped: true)
        let before = buffer.writerIndex
        let unescaped = text.unescaped(in: scanner.bytes)
        buffer.writeJSONString(unescaped)
        return (unescaped.count, buffer.writerIndex &- before != unescaped.count &+ 2)
    }
}

// MARK: Order

extension JSONCanonicalWriter {
    /// Puts the members of an object in order, whose inside is the end of the buffer; its members are forgotten.
    private mutating func sortMembers(of container: Container, _ buffer: inout ByteBuffer) {
        let all = members[container.firstMember...]
        defer { members.removeLast(members.count &- container.firstMember) }
        if isInOrder(all, buffer) { return }
        let sorted = all.sorted { isOrdered($0, before: $1, buffer) }
        for (left, right) in zip(sorted, sorted.dropFirst()) where !isOrdered(left, before: right, buffer) {
            let offset = max(left.offset, right.offset)
            duplicateOffset = min(duplicateOffset ?? offset, offset)
        }
        let start = container.start
        // A copy of the inside, from which it is written anew.
        guard let inside = buffer.getSlice(at: start, length: buffer.writerIndex &- start) else { return }
        buffer.moveWriterIndex(to: start)
        for (index, member) in sorted.enumerated() {
            if index > 0 { buffer.writeInteger(UInt8(ascii: ",")) }
            if let bytes = inside.getSlice(at: member.start &- start, length: member.end &- member.start) {
                buffer.writeImmutableBuffer(bytes)
            }
        }
    }

    private func isInOrder(_ members: ArraySlice<Member>, _ buffer: ByteBuffer) -> Bool {
        zip(members, members.dropFirst()).allSatisfy { isOrdered($0, before: $1, buffer) }
    }

    /// Whether the name of `left` comes before that of `right` by their UTF-16 code units (RFC 8785 §3.2.3).
    private func isOrdered(_ left: Member, before right: Member, _ buffer: ByteBuffer) -> Bool {
        buffer.withByteView { view in
            let first = view.slice(of: left.name, from: buffer.readerIndex)
            let second = view.slice(of: right.name, from: buffer.readerIndex)
            guard left.isEscaped || right.isEscaped else { return first.isBeforeInUTF16(second) }
            // Rare: controls, quotes or backslashes in a name.
            let unescaped = [first, second].map { name in
                JSONText(range: ByteRange(start: 0, length: name.count), isEscaped: true).unescaped(in: name)
            }
            return unescaped[0].withUnsafeBytes { first in
                unescaped[1].withUnsafeBytes { ByteView(first).isBeforeInUTF16(ByteView($0)) }
            }
        }
    }
}

extension ByteView {
    /// The bytes at places of a buffer whose readable bytes, which this view shows, begin at `readerIndex`.
    fileprivate func slice(of places: Range<Int>, from readerIndex: Int) -> ByteView {
        slice(from: places.lowerBound &- readerIndex, to: places.upperBound &- readerIndex)
    }

    /// Whether this UTF-8 text comes before `other` when their UTF-16 code units are compared.
    ///
    /// That is the order of the bytes, but for characters beyond U+FFFF: their surrogates come before U+E000…U+FFFF.
    fileprivate func isBeforeInUTF16(_ other: ByteView) -> Bool {
        var offset = 0
        while offset < count, offset < other.count {
            let left = self[offset]
            let right = other[offset]
            if left != right {
                if left >= 0xEE, right >= 0xEE, (left >= 0xF0) != (right >= 0xF0) { return left >= 0xF0 }
                return left < right
            }
            offset &+= 1
        }
        return count < other.count
    }
}
