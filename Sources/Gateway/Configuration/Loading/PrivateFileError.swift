/// Why a file could not be written.
package struct PrivateFileError: Error, Hashable, Sendable {
    /// What the system said, as `errno`.
    package let code: Int32
}
