/// Someone who watches a walk over a JSON text and is told of the values that it has named.
///
/// A *field* is the visitor's own number for a place in the text; 0 is every place that it does not care for. Fields
/// hang together from the root: only values directly in a container whose field the visitor `watches` have fields.
protocol JSONVisitor {
    /// Whether the visitor cares for what is directly in a container that has this field.
    static func watches(_ field: UInt8) -> Bool
    /// The field of the member `name` of an object that has the field `object`.
    func field(of name: JSONScratch.Name, in object: UInt8, _ bytes: ByteView, _ scratch: inout JSONScratch) -> UInt8
    /// The field of the elements of an array that has the field `array`.
    func elementField(in array: UInt8) -> UInt8
    /// A value with a field other than 0 has been read to its end: from `start` up to `end`, which is below 4 GiB.
    mutating func take(_ field: UInt8, from start: Int, to end: Int, isEscaped: Bool, _ bytes: ByteView)
}

/// A visitor that cares for nothing.
struct JSONIndifferentVisitor: JSONVisitor {
    static func watches(_ field: UInt8) -> Bool { false }

    func field(
        of name: JSONScratch.Name, in object: UInt8, _ bytes: ByteView, _ scratch: inout JSONScratch
    ) -> UInt8 { 0 }

    func elementField(in array: UInt8) -> UInt8 { 0 }

    mutating func take(_ field: UInt8, from start: Int, to end: Int, isEscaped: Bool, _ bytes: ByteView) {}
}
