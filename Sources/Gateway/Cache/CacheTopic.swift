package import Wire

/// What answers depend on, as far as a server tells when it changes (MCP 2026-07-28, Caching).
package enum CacheTopic: Hashable, Sendable {
    /// What a server speaks and offers; of its changes nobody tells.
    case discovery
    /// The list of tools, and with it what they answer.
    case tools
    /// The list of prompts.
    case prompts
    /// The lists of resources and of their templates.
    case resources
    /// What is read from the resource of this URI, in bytes: URIs compare as they are written.
    case resource([UInt8])
    /// What is read from any of the resources in this group, one of 1,024; see `GenerationField`.
    case resourceGroup(UInt16)

    /// What the answer to a call of `method` depends on; `uri` is that of `resources/read`. `nil` for answers that are not kept.
    package init?(_ method: MCPMethod, uri: ByteView?) {
        switch method {
        case .serverDiscover: self = .discovery
        case .toolsList, .toolsCall: self = .tools
        case .promptsList: self = .prompts
        case .resourcesList, .resourcesTemplatesList: self = .resources
        case .resourcesRead:
            guard let uri else { return nil }
            self = .resource(uri.bytes)
        default: return nil
        }
    }

    /// What a notification makes void; `uri` is that of `notifications/resources/updated`.
    ///
    /// It may be a part of what was read: so the resources above it count as changed too, at most 32 of them, the nearest
    /// first.
    package static func changed(by notification: MCPMethod, uri: ByteView?) -> [CacheTopic] {
        switch notification {
        case .notificationsToolsListChanged: return [.tools]
        case .notificationsPromptsListChanged: return [.prompts]
        case .notificationsResourcesListChanged: return [.resources]
        case .notificationsResourcesUpdated:
            guard let uri else { return [] }
            return [.resource(uri.bytes)] + parents(of: uri)
        default: return []
        }
    }

    /// What the notification that `envelope` found in `bytes` makes void; `nil` if it tells of no change.
    package static func changed(by envelope: JSONRPCEnvelope, in bytes: ByteView) -> [CacheTopic]? {
        guard envelope.kind == .notification, let name = envelope.method else { return nil }
        let method = MCPMethod(name, in: bytes)
        switch method {
        case .notificationsToolsListChanged, .notificationsPromptsListChanged, .notificationsResourcesListChanged:
            return changed(by: method, uri: nil)
        case .notificationsResourcesUpdated:
            guard let uri = envelope.uri else { return nil }
            guard uri.isEscaped else { return changed(by: method, uri: bytes[uri.range]) }
            return uri.unescaped(in: bytes).withUnsafeBytes { changed(by: method, uri: ByteView($0)) }
        default:
            return nil
        }
    }

    /// The URIs above `uri`, with the slash that ends them and without.
    private static func parents(of uri: ByteView) -> [CacheTopic] {
        var parents: [CacheTopic] = []
        var end = uri.count &- 1
        while end > 0, parents.count < 64 {
            if uri[end] == UInt8(ascii: "/") || uri[end] == UInt8(ascii: "#") || uri[end] == UInt8(ascii: "?") {
                if uri[end] == UInt8(ascii: "/"), end &+ 1 < uri.count {
                    parents.append(.resource(uri.slice(from: 0, to: end &+ 1).bytes))
                }
                parents.append(.resource(uri.slice(from: 0, to: end).bytes))
            }
            end &-= 1
        }
        return parents
    }
}
