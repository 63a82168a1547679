extension MCPMethod {
    /// The member of `params` that the header `Mcp-Name` repeats (MCP 2026-07-28, Streamable HTTP; tasks extension).
    @frozen
    public enum MirroredName: Sendable {
        /// The header is not asked for.
        case none
        /// `params.name`.
        case name
        /// `params.uri`.
        case uri
        /// `params.taskId`.
        case taskID
    }

    /// Which member of `params` the header `Mcp-Name` repeats.
    public var mirroredName: MirroredName {
        switch self {
        case .toolsCall, .promptsGet: .name
        case .resourcesRead: .uri
        case .tasksGet, .tasksUpdate, .tasksCancel: .taskID
        default: .none
        }
    }

    /// Whether a call that may have been executed may be sent again, as far as the method alone decides.
    ///
    /// `tools/call` is not: only what is known of the tool can make it repeatable. `initialize` is only before a session
    /// exists, and nothing is that carries `inputResponses` or `requestState`; callers check that.
    public var isRepeatable: Bool {
        switch self {
        case .serverDiscover, .initialize, .ping, .toolsList, .promptsList, .resourcesList, .resourcesTemplatesList,
            .rootsList, .tasksList, .resourcesRead, .promptsGet, .completionComplete, .tasksGet:
            true
        default: false
        }
    }

    /// Whether results carry `ttlMs` and `cacheScope` (MCP 2026-07-28, Caching).
    public var isCacheable: Bool {
        switch self {
        case .serverDiscover, .toolsList, .promptsList, .resourcesList, .resourcesTemplatesList, .resourcesRead: true
        default: false
        }
    }

    /// Whether the modern era has taken the method away, so that a modern request for it is answered with "no such
    /// method" wherever it would go.
    public var isRemovedInModern: Bool {
        switch self {
        case .initialize, .ping, .loggingSetLevel, .resourcesSubscribe, .resourcesUnsubscribe: true
        default: false
        }
    }

    /// Whether a client of `era` may call the method. Methods that only the modern era has are not refused to legacy
    /// clients: what a legacy server makes of them is its own affair.
    public func isAvailable(in era: MCPEra) -> Bool {
        era == .legacy || !isRemovedInModern
    }

    /// The value of the metric label `method`: the method as it is written, `other` for everything unknown.
    public var metricLabel: StaticString {
        self == .unknown ? "other" : text
    }
}
