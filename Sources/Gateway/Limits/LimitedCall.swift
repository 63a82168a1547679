package import Wire

/// What the rules want to know of a call.
package struct LimitedCall: Sendable {
    /// Who calls: the credential that was presented, else the address.
    package var identity: CallerKey
    /// From where.
    package var address: CallerKey
    /// The position of the pool.
    package var pool: Int
    /// The method; `unknown` for GET.
    package var method: MCPMethod
    /// The tool that is called, hashed; `nil` if none is.
    package var tool: UInt64?
    /// For how many calls it counts: more than one for a batch, or a tool with a cost.
    package var count: Int64

    package init(
        identity: CallerKey, address: CallerKey, pool: Int = 0, method: MCPMethod = .toolsCall, tool: UInt64? = nil,
        count: Int64 = 1
    ) {
        self.identity = identity
        self.address = address
        self.pool = pool
        self.method = method
        self.tool = tool
        self.count = count
    }
}
