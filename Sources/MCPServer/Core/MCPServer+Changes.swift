import NIOCore
import Wire

extension MCPServer {
    /// Tells the clients that want to know that something has changed. The `replace` functions do so by themselves.
    public func announce(_ change: ServerChange) {
        changes.announce(change)
    }

    /// Offers these tools from now on, and tells the clients. Calls that run are not disturbed.
    ///
    /// Throws if two of them have the same name: then nothing has changed, and nobody is told.
    public func replaceTools(_ tools: [any Tool]) throws(CatalogError) {
        let registered = tools.map { RegisteredTool($0) }
        try catalogs.replace { old throws(CatalogError) in
            try Catalog(
                tools: registered, resources: old.resources, templates: old.templates, prompts: old.prompts, manner)
        }
        announce(.tools)
    }

    /// Offers these resources from now on, and tells the clients.
    ///
    /// Throws if two of them have the same URI: then nothing has changed, and nobody is told.
    public func replaceResources(
        _ resources: [any Resource], templates: [any ResourceTemplate]
    ) throws(CatalogError) {
        let registered = resources.map { RegisteredResource($0) }
        let families = templates.map { RegisteredTemplate($0) }
        try catalogs.replace { old throws(CatalogError) in
            try Catalog(tools: old.tools, resources: registered, templates: families, prompts: old.prompts, manner)
        }
        announce(.resources)
    }

    /// Offers these prompts from now on, and tells the clients.
    ///
    /// Throws if two of them have the same name: then nothing has changed, and nobody is told.
    public func replacePrompts(_ prompts: [any Prompt]) throws(CatalogError) {
        try catalogs.replace { old throws(CatalogError) in
            try Catalog(tools: old.tools, resources: old.resources, templates: old.templates, prompts: prompts, manner)
        }
        announce(.prompts)
    }

    // MARK: Subscriptions of sessions

    /// `resources/subscribe` and `resources/unsubscribe`.
    func subscribe(_ message: IncomingMessage, _ method: MCPMethod) -> Answer {
        guard let session = message.session,
            let uri = message.body.withByteView({ bytes in message.envelope.uri?.unescaped(in: bytes) })
        else { return .failure(.invalidParams("params.uri must be a string"), to: message, method) }
        if method == .resourcesUnsubscribe {
            session.unsubscribe(uri)
        } else {
            let text = String(decoding: uri, as: UTF8.self)
            let isKnown =
                resources.contains { $0.definition.uri.utf8.elementsEqual(uri) }
                || templates.contains { $0.match(uri) != nil }
            guard isKnown else { return notFound(text, message, method) }
            guard session.subscribe(uri) else {
                return .failure(.invalidRequest("too many subscriptions"), to: message, method)
            }
        }
        return .result(to: message, method) { $0.writeStaticString("{}") }
    }

    // MARK: Subscriptions of modern clients

    /// `subscriptions/listen`: runs until the client leaves or the server stops (MCP 2026-07-28, Subscriptions).
    func listen(_ message: IncomingMessage) -> Reply {
        let filter: SubscriptionFilter
        let id: JSONValue
        switch prepareListening(message) {
        case .failure(let error):
            let status = error.problem == .missingCapability ? 400 : 200
            return .ready(.failure(error, to: message, .subscriptionsListen, status: status))
        case .success(let prepared): (filter, id) = prepared
        }
        let meta: JSONValue = ["io.modelcontextprotocol/subscriptionId": id]
        let honoured = filter.honoured(
            hasPrompts: !prompts.isEmpty, hasResources: !resources.isEmpty || !templates.isEmpty)
        return .pending { outlet in
            let queue = ChangeQueue(filter)
            guard changes.add(queue) else {
                let error = MCPError(code: -32_603, message: "Too many subscriptions", problem: .overloaded)
                return .failure(error, to: message, .subscriptionsListen)
            }
            defer { changes.remove(queue) }
            var acknowledgement = ByteBuffer()
            acknowledgement.writeJSON([
                "jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
                "params": ["notifications": honoured, "_meta": meta],
            ])
            guard await outlet?.send(acknowledgement) == true else {
                let error = MCPError.invalidRequest("a subscription is answered by an event stream")
                return .failure(error, to: message, .subscriptionsListen, status: 406)
            }
            while let item = await queue.next() {
                guard let value = notification(of: item, message, meta) else { continue }
                var notification = ByteBuffer()
                notification.writeJSON(value)
                await outlet?.send(notification)
            }
            return .result(to: message, .subscriptionsListen) { buffer in
                buffer.writeStaticString("{\"resultType\":\"complete\",\"_meta\":")
                buffer.writeJSON(meta)
                buffer.writeStaticString("}")
            }
        }
    }

    private func notification(
        of item: ChangeQueue.Item, _ message: IncomingMessage, _ meta: JSONValue
    ) -> JSONValue? {
        switch item {
        case .change(let change):
            return change.notification(meta: meta)
        case .task(let id):
            guard let task = tasks.find(id, by: message.principal, at: .now()) else { return nil }
            var parameters = details(of: task, message)
            parameters["_meta"] = meta
            return ["jsonrpc": "2.0", "method": "notifications/tasks", "params": .object(parameters)]
        }
    }

    private func prepareListening(_ message: IncomingMessage) -> Result<(SubscriptionFilter, JSONValue), MCPError> {
        message.body.withByteView { bytes in
            do throws(MCPError) {
                var filter = try SubscriptionFilter(message.envelope.params, bytes)
                if !filter.tasks.isEmpty {
                    guard capabilities(of: message).understandsTasks else {
                        throw .missingCapability(["extensions": ["io.modelcontextprotocol/tasks": [:]]])
                    }
                    filter.tasks = filter.tasks.filter { tasks.find($0, by: message.principal, at: .now()) != nil }
                }
                let id = message.envelope.id.flatMap { try? JSONValue.parse(bytes[$0.range]) }
                return .success((filter, id ?? .null))
            } catch {
                return .failure(error)
            }
        }
    }
}
