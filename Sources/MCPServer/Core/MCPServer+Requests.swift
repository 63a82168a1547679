import NIOCore
import Wire

extension MCPServer {
    /// The method of a request.
    func method(of message: IncomingMessage) -> MCPMethod {
        guard let method = message.envelope.method else { return .unknown }
        return message.body.withByteView { MCPMethod(method, in: $0) }
    }

    /// Answers one request, whose envelope the transport has already judged (MCP 2026-07-28, validation order, 7 to 9).
    func receiveRequest(_ message: IncomingMessage) -> Reply {
        let method = method(of: message)
        guard serves(method, message) else {
            // A 404 would make a legacy client drop its session.
            let status = message.version.era == .modern ? 404 : 200
            return .ready(.failure(.methodNotFound, to: message, method, status: status))
        }
        if let error = checkParameters(message, method) { return .ready(.failure(error, to: message, method)) }
        switch method {
        case .initialize: return .ready(initialize(message))
        case .ping: return .ready(.result(to: message, method) { $0.writeStaticString("{}") })
        case .serverDiscover: return prepared(prepared.discover, message, method)
        case .toolsList: return page(of: prepared.tools, message, method)
        case .resourcesList: return page(of: prepared.resources, message, method)
        case .resourcesTemplatesList: return page(of: prepared.templates, message, method)
        case .promptsList: return page(of: prepared.prompts, message, method)
        case .toolsCall: return callTool(message)
        case .resourcesRead: return readResource(message)
        case .promptsGet: return getPrompt(message)
        case .completionComplete: return complete(message)
        case .loggingSetLevel: return .ready(setLogLevel(message))
        case .resourcesSubscribe, .resourcesUnsubscribe: return .ready(subscribe(message, method))
        case .subscriptionsListen: return listen(message)
        case .tasksGet, .tasksResult, .tasksCancel, .tasksUpdate: return askAboutTask(message, method)
        case .tasksList: return .ready(listTasks(message))
        default: return .ready(.failure(.methodNotFound, to: message, method))
        }
    }

    /// Whether the method exists in this revision, and this server offers what it belongs to.
    private func serves(_ method: MCPMethod, _ message: IncomingMessage) -> Bool {
        let version = message.version
        return switch method {
        case .initialize, .ping: version.era == .legacy
        case .serverDiscover: version.era == .modern
        case .toolsList, .toolsCall: true
        case .resourcesList, .resourcesRead, .resourcesTemplatesList: !resources.isEmpty || !templates.isEmpty
        case .promptsList, .promptsGet: !prompts.isEmpty
        case .completionComplete: version >= .v2025_03_26 && (!prompts.isEmpty || !templates.isEmpty)
        case .resourcesSubscribe, .resourcesUnsubscribe:
            version.era == .legacy && message.session != nil && (!resources.isEmpty || !templates.isEmpty)
        case .subscriptionsListen: version.era == .modern
        case .tasksGet, .tasksCancel: version >= .v2025_11_25 && catalogs.current.hasTasks
        case .tasksResult, .tasksList: version == .v2025_11_25 && catalogs.current.hasTasks
        case .tasksUpdate: version.era == .modern && catalogs.current.hasTasks
        // Without a session there is nowhere to remember a level; each server decides what it sends then.
        case .loggingSetLevel: version.era == .legacy
        // Whatever a later revision adds is unknown here until it is written.
        default: false
        }
    }

    private func prepared(_ result: ByteBuffer, _ message: IncomingMessage, _ method: MCPMethod) -> Reply {
        .ready(.result(to: message, method, reserving: result.readableBytes) { $0.writeImmutableBuffer(result) })
    }

    // MARK: Parameters that many methods share

    private func checkParameters(_ message: IncomingMessage, _ method: MCPMethod) -> MCPError? {
        message.body.withByteView { bytes in
            let envelope = message.envelope
            if let params = envelope.params {
                guard JSONMembers.kind(params, bytes) == .object else {
                    return .invalidParams("params must be an object")
                }
            }
            guard message.version.era == .modern else { return nil }
            if envelope.hasRequestState {
                guard MCPServer.takesRounds(method) else {
                    return .invalidParams("requestState was not issued by this server")
                }
                do throws(MCPError) {
                    _ = try rounds(message)
                } catch {
                    return error
                }
            }
            if let meta = envelope.meta,
                let level = JSONMembers.value(of: CallContext.logLevelKey, in: meta, bytes)
            {
                guard LogLevel(JSONMembers.text(level, bytes), in: bytes) != nil else {
                    return .invalidParams("unknown log level")
                }
            }
            return nil
        }
    }

    /// The page of a list that the request's cursor names; the first one without a cursor.
    private func page(of list: PerVersion<[ByteBuffer]>, _ message: IncomingMessage, _ method: MCPMethod) -> Reply {
        let pages = list[message.version]
        let index = message.body.withByteView { bytes -> Int? in
            guard let params = message.envelope.params,
                let cursor = JSONMembers.value(of: "cursor", in: params, bytes),
                JSONMembers.kind(cursor, bytes) != .null
            else { return 0 }
            return JSONMembers.text(cursor, bytes).flatMap { PageCursor.index($0.unescaped(in: bytes)) }
        }
        guard let index, pages.indices.contains(index) else {
            return .ready(.failure(.invalidParams("unknown cursor"), to: message, method))
        }
        return prepared(pages[index], message, method)
    }

    private func setLogLevel(_ message: IncomingMessage) -> Answer {
        let level = message.body.withByteView { bytes in
            message.envelope.params.flatMap { JSONMembers.value(of: "level", in: $0, bytes) }.flatMap {
                LogLevel(JSONMembers.text($0, bytes), in: bytes)
            }
        }
        guard let level else { return .failure(.invalidParams("unknown log level"), to: message, .loggingSetLevel) }
        message.session?.logLevel = level
        return .result(to: message, .loggingSetLevel) { $0.writeStaticString("{}") }
    }

    // MARK: The handshake

    private func initialize(_ message: IncomingMessage) -> Answer {
        let requested = message.body.withByteView { bytes -> Result<MCPProtocolVersion?, MCPError> in
            guard let text = message.envelope.protocolVersion else {
                return .failure(.invalidParams("params.protocolVersion must be a string"))
            }
            for name in ["capabilities", "clientInfo"] as [StaticString] {
                if let params = message.envelope.params,
                    let value = JSONMembers.value(of: name, in: params, bytes),
                    JSONMembers.kind(value, bytes) != .object
                {
                    return .failure(.invalidParams("params.\(name) must be an object"))
                }
            }
            return .success(text.unescaped(in: bytes).withUnsafeBytes { MCPProtocolVersion(ByteView($0)) })
        }
        switch requested {
        case .failure(let error):
            return .failure(error, to: message, .initialize)
        case .success(let version):
            // Modern revisions are not reached by a handshake: such a client is offered the newest that is.
            let negotiated = version.flatMap { $0.era == .legacy ? $0 : nil } ?? .newestLegacy
            let result = message.opensSession ? prepared.initialize[negotiated] : prepared.initializeAlone[negotiated]
            var answer = Answer.result(to: message, .initialize, reserving: result.readableBytes) {
                $0.writeImmutableBuffer(result)
            }
            let capabilities = message.body.withByteView { bytes in
                ClientCapabilities(
                    message.envelope.params.flatMap { JSONMembers.value(of: "capabilities", in: $0, bytes) },
                    negotiated, bytes)
            }
            answer.handshake = Answer.Handshake(version: negotiated, capabilities: capabilities)
            return answer
        }
    }
}
