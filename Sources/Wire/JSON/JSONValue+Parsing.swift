extension JSONValue {
    /// The value that `bytes` spell, by the rules of the scanner; white space may stand around it. Linear time.
    public static func parse(_ bytes: ByteView, scratch: inout JSONScratch) throws(JSONError) -> JSONValue {
        try JSONScanner.validate(bytes, scratch: &scratch)
        return try JSONTreeBuilder.build(bytes)
    }

    /// The value that `bytes` spell, with tables of its own.
    public static func parse(_ bytes: ByteView) throws(JSONError) -> JSONValue {
        var scratch = JSONScratch(seed: .random(in: .min ... .max))
        return try parse(bytes, scratch: &scratch)
    }

    /// The value that `bytes` spell, with tables of its own.
    public static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
        let result = bytes.withUnsafeBytes { bytes -> Result<JSONValue, JSONError> in
            Result { () throws(JSONError) in try parse(ByteView(bytes)) }
        }
        return try result.get()
    }

    /// The value that `text` spells, with tables of its own.
    public static func parse(_ text: String) throws(JSONError) -> JSONValue {
        try parse(Array(text.utf8))
    }
}
