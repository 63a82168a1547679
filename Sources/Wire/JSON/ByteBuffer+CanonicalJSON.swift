public import NIOCore

extension ByteBuffer {
    /// Appends the one spelling that all JSON texts of the same meaning have: members sorted, no white space, each string and
    /// number written in one way (RFC 8785, JSON Canonicalization Scheme).
    ///
    /// Two texts have the same canonical form exactly if they hold the same values, whatever the order of members, the
    /// white space, the escapes and the form of the numbers. Strings are compared as they are: `é` in one and in two code
    /// points are two strings.
    ///
    /// In one thing this is stricter than the RFC, which takes numbers for IEEE doubles and so makes one of 2⁵³ and
    /// 2⁵³ + 1: here a number with more digits than a double has keeps them all, in the same layout. Numbers that
    /// programs write that compute with doubles come out as the RFC wants.
    ///
    /// - Throws: what is wrong with the text; then the buffer is as it was.
    public mutating func writeCanonicalJSON(_ text: ByteView) throws(JSONError) {
        let start = writerIndex
        do throws(JSONError) {
            try JSONCanonicalWriter.write(text, into: &self)
        } catch {
            moveWriterIndex(to: start)
            throw error
        }
    }
}
