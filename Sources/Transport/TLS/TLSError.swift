/// What is wrong with certificates or a key.
package struct TLSError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What cannot be used.
    package enum Part: Hashable, Sendable {
        /// The certificates that must have signed the other side's.
        case authorities
        /// The certificate chain that is shown.
        case certificate
        /// Its private key.
        case key
    }

    /// What cannot be used.
    package let part: Part
    /// What is wrong with it, as the end of a sentence that begins with "cannot be used: ".
    package let reason: String

    package var description: String { "the \(part) cannot be used: \(reason)" }

    /// Does `body`, of which every error is one of this part.
    static func of<Value>(_ part: Part, _ body: () throws -> Value) throws(TLSError) -> Value {
        do {
            return try body()
        } catch {
            throw TLSError(part: part, reason: "\(error)")
        }
    }
}
