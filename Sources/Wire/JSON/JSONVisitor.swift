/// Someone who watches a walk over a JSON text and is told of the values that it has named.
///
/// A *field* is the visitor's own name for a place in the text. Fields hang together from the root: only values directly
/// in a container whose field the visitor `watches` have fields; all others, and places that the visitor does not care
/// for, have none.
protocol JSONVisitor {
    /// The places.
    associatedtype Field

    /// The field of all places that do not matter.
    static var none: Field { get }
    /// Whether `field` is another one than `none`.
    static func matters(_ field: Field) -> Bool
    /// Whether the visitor cares for what is directly in a container that has this field.
    static func watches(_ field: Field) -> Bool
    /// The field of the member `name` of an object that has the field `object`.
    func field(of name: JSONScratch.Name, in object: Field, _ bytes: ByteView, _ scratch: inout JSONScratch) -> Field
    /// The field of the elements of an array that has the field `array`.
    func elementField(in array: Field) -> Field
    /// A value with a field that matters has been read to its end: from `start` up to `end`, which is below 4 GiB.
    mutating func take(_ field: Field, from start: Int, to end: Int, isEscaped: Bool, _ bytes: ByteView)
}

/// A visitor that cares for nothing.
struct JSONIndifferentVisitor: JSONVisitor {
    static var none: Void { () }

    static func matters(_ field: Void) -> Bool { false }

    static func watches(_ field: Void) -> Bool { false }

    func field(of name: JSONScratch.Name, in object: Void, _ bytes: ByteView, _ scratch: inout JSONScratch) {}

    func elementField(in array: Void) {}

    mutating func take(_ field: Void, from start: Int, to end: Int, isEscaped: Bool, _ bytes: ByteView) {}
}
