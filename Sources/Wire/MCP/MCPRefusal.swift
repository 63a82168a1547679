/// Why a message is not served, and how that is said.
public struct MCPRefusal: Error {
    /// The era in which the answer is given: that of the message, wrong as it is.
    public var era: MCPEra
    /// What it is.
    public var failure: GatewayFailure
    /// A more precise text than the failure's own; needs no escapes in JSON.
    public var message: StaticString?
    /// Where in the body the version stands that the message asked for, between its quotes.
    public var requestedVersion: ByteRange?

    /// A refusal in `era`.
    public init(
        era: MCPEra, _ failure: GatewayFailure, message: StaticString? = nil, requestedVersion: ByteRange? = nil
    ) {
        self.era = era
        self.failure = failure
        self.message = message
        self.requestedVersion = requestedVersion
    }
}
