/// A log destination that cannot be used.
package struct LogSinkError: Error, Hashable, CustomStringConvertible {
    /// What was tried, such as `open /var/log/mcp/gateway.log`.
    package var action: String
    /// The error number of the operating system.
    package var code: CInt

    package var description: String { "cannot \(action): \(LogWriter.message(of: code))" }
}
