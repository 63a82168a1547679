public import NIOCore

/// Writes a message head straight into a buffer, in one reservation.
///
/// Nothing is written that was not validated: names and values come from a parsed head, from configuration or from
/// literals. The buffer grows at most once when `reserving` was enough.
public struct HTTPHeadWriter: ~Copyable {
    /// The buffer with what was written so far.
    public var buffer: ByteBuffer

    /// Appends to `buffer`, for which `reserving` bytes are reserved.
    public init(_ buffer: consuming ByteBuffer, reserving: Int) {
        buffer.reserveCapacity(minimumWritableBytes: reserving)
        self.buffer = buffer
    }

    /// `POST /path HTTP/1.1` and its line end.
    public mutating func requestLine(_ method: StaticString, path: ByteView) {
        buffer.writeStaticString(method)
        buffer.writeStaticString(" ")
        buffer.writeBytes(path.raw)
        buffer.writeStaticString(" HTTP/1.1\r\n")
    }

    /// `HTTP/1.1 200 OK` and its line end. A code without a line in `HTTPStatus` gets an empty reason; a number that is no
    /// status code (100…599) becomes 502.
    public mutating func statusLine(_ status: Int) {
        if let line = HTTPStatus.line(status) {
            buffer.writeStaticString(line)
        } else {
            buffer.writeStaticString("HTTP/1.1 ")
            buffer.writeDecimal((100...599).contains(status) ? status : 502)
            buffer.writeStaticString(" \r\n")
        }
    }

    /// A field whose name and value are bytes of a validated head.
    public mutating func field(_ name: ByteView, _ value: ByteView) {
        buffer.writeLine(name.raw, UnsafeRawBufferPointer(": "), value.raw)
    }

    /// A field with a literal name; `name` ends with `": "`.
    public mutating func field(_ name: StaticString, _ value: ByteView) {
        buffer.writeLine(UnsafeRawBufferPointer(name), value.raw)
    }

    /// A field with a literal name that ends with `": "` and a number.
    public mutating func field(_ name: StaticString, _ value: Int) {
        DecimalDigits(value).withBytes { buffer.writeLine(UnsafeRawBufferPointer(name), $0) }
    }

    /// The `Date` field with a date as `HTTPDate` formats it.
    public mutating func date(_ text: InlineArray<29, UInt8>) {
        text.span.withUnsafeBytes { field("Date: ", ByteView($0)) }
    }

    /// Whole literal lines, each with its line end.
    public mutating func lines(_ text: StaticString) {
        buffer.writeStaticString(text)
    }

    /// The empty line that ends the head, and the buffer.
    public consuming func finish() -> ByteBuffer {
        buffer.writeLine(.nothing, .nothing)
        return buffer
    }
}

extension ByteBuffer {
    /// Appends the parts and a line end with one reservation: a head has some twenty lines, and looking at the buffer's
    /// capacity costs more than copying a field.
    fileprivate mutating func writeLine(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer,
        _ third: UnsafeRawBufferPointer = .nothing, _ fourth: UnsafeRawBufferPointer = .nothing
    ) {
        let count = first.count &+ second.count &+ third.count &+ fourth.count &+ 2
        writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
            guard target.count >= count, var next = target.baseAddress else { return 0 }
            first.append(at: &next)
            second.append(at: &next)
            third.append(at: &next)
            fourth.append(at: &next)
            next.storeBytes(of: (0x0D0A as UInt16).bigEndian, as: UInt16.self)  // CR LF
            return count
        }
    }

    /// Appends a line that ends in two numbers, with its line end and with one reservation.
    public mutating func writeLine(_ start: ByteView, _ first: Int, _ separator: StaticString, _ second: Int) {
        DecimalDigits(first).withBytes { first in
            DecimalDigits(second).withBytes { second in
                writeLine(start.raw, first, UnsafeRawBufferPointer(separator), second)
            }
        }
    }

    /// Appends a number in decimal, without an allocation.
    public mutating func writeDecimal(_ value: Int) {
        DecimalDigits(value).withBytes { _ = writeBytes($0) }
    }

    /// Calls `body` with the readable bytes; no copy.
    @inlinable
    public func withByteView<Result, Failure: Error>(
        _ body: (ByteView) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var result: Swift.Result<Result, Failure>?
        withUnsafeReadableBytes { raw in
            do throws(Failure) {
                result = .success(try body(ByteView(raw)))
            } catch {
                result = .failure(error)
            }
        }
        // `withUnsafeReadableBytes` calls its closure exactly once.
        guard let result else { preconditionFailure("the bytes of a buffer were not visited") }
        return try result.get()
    }
}

/// A number in decimal.
private struct DecimalDigits {
    private var digits = InlineArray<20, UInt8>(repeating: 0)
    private var start = 20

    @inline(__always)
    init(_ value: Int) {
        var magnitude = value.magnitude
        repeat {
            start &-= 1
            digits[start] = UInt8(truncatingIfNeeded: magnitude % 10) &+ 0x30
            magnitude /= 10
        } while magnitude > 0
        if value < 0 {
            start &-= 1
            digits[start] = UInt8(ascii: "-")
        }
    }

    @inline(__always)
    func withBytes(_ body: (UnsafeRawBufferPointer) -> Void) {
        digits.span.extracting(start..<20).withUnsafeBytes(body)
    }
}

extension UnsafeRawBufferPointer {
    /// The bytes of a literal, which live as long as the process.
    fileprivate init(_ text: StaticString) {
        self.init(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }

    /// No bytes.
    fileprivate static var nothing: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

    /// Copies the bytes to `next`, where there is room for them, and moves that behind them.
    @inline(__always)
    fileprivate func append(at next: inout UnsafeMutableRawPointer) {
        guard let baseAddress else { return }
        next.copyMemory(from: baseAddress, byteCount: count)
        next += count
    }
}
