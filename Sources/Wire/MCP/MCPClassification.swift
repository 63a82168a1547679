/// How the body of a POST is to be treated.
@frozen
public struct MCPClassification: Hashable, Sendable {
    /// The era.
    public var era: MCPEra
    /// The revision: what a modern message names; of a legacy one what its header names, else what its session has settled
    /// on. `nil` when neither is there, as with `initialize`.
    public var version: MCPProtocolVersion?

    /// A message of `era`.
    public init(era: MCPEra, version: MCPProtocolVersion?) {
        self.era = era
        self.version = version
    }
}
