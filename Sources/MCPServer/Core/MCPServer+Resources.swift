import Logging
import NIOCore
import Wire

extension MCPServer {
    /// `resources/read`: finds the resource, or the family that it belongs to, and reads it, at once if it can.
    func readResource(_ message: IncomingMessage) -> Reply {
        let asked = message.body.withByteView { bytes in
            message.envelope.uri.map { uri in
                (uri: uri.unescaped(in: bytes), resource: resources.first { $0.isAt(uri, bytes) })
            }
        }
        guard let asked else {
            return .ready(.failure(.invalidParams("params.uri must be a string"), to: message, .resourcesRead))
        }
        if let resource = asked.resource { return read(resource, message) }
        let uri = String(decoding: asked.uri, as: UTF8.self)
        for template in templates {
            if let variables = template.match(asked.uri) { return read(template, uri, variables, message) }
        }
        return .ready(notFound(uri, message))
    }

    private func read(_ resource: RegisteredResource, _ message: IncomingMessage) -> Reply {
        let definition = resource.definition
        let write = { (outcome: Result<ResourceContents?, any Error>) in
            finish(outcome, definition.uri, definition.mimeType, definition.cache, message)
        }
        switch resource.kind {
        case .synchronous(let handler):
            return .ready(write(Result { try handler.read() }))
        case .asynchronous(let handler):
            return .pending { _ in
                do {
                    return finish(
                        .success(try await handler.read()), definition.uri, definition.mimeType, definition.cache,
                        message)
                } catch {
                    return finish(.failure(error), definition.uri, definition.mimeType, definition.cache, message)
                }
            }
        }
    }

    private func read(
        _ family: RegisteredTemplate, _ uri: String, _ variables: [String: String], _ message: IncomingMessage
    ) -> Reply {
        let definition = family.definition
        return .pending { outlet in
            do {
                let context = CallContext(message, outlet, try exchange(message, outlet), changes)
                let request = ResourceRequest(uri: uri, variables: variables, context: context)
                return finish(
                    .success(try await family.template.read(request)), uri, definition.mimeType, definition.cache,
                    message)
            } catch {
                return finish(.failure(error), uri, definition.mimeType, definition.cache, message)
            }
        }
    }

    private func finish(
        _ outcome: Result<ResourceContents?, any Error>, _ uri: String, _ mimeType: String, _ cache: CacheHint,
        _ message: IncomingMessage
    ) -> Answer {
        switch outcome {
        case .failure(is CancellationError):
            return .failure(.cancelled, to: message, .resourcesRead)
        case .failure(let error as MCPError):
            return .failure(error, to: message, .resourcesRead)
        case .failure(let error):
            if let answer = answer(toAskingError: error, message, .resourcesRead) { return answer }
            logger.error("resource failed", metadata: ["resource": "\(uri)", "error": "\(error)"])
            return .failure(.internalError, to: message, .resourcesRead)
        case .success(nil):
            return notFound(uri, message)
        case .success(let contents?):
            return .result(to: message, .resourcesRead, reserving: contents.sizeHint) { buffer in
                buffer.writeStaticString("{")
                if message.version.era == .modern { buffer.writeStaticString("\"resultType\":\"complete\",") }
                buffer.writeStaticString("\"contents\":[")
                contents.write(uri: uri, mimeType: mimeType, into: &buffer)
                buffer.writeStaticString("]")
                if message.version.era == .modern { cache.writeMembers(into: &buffer) }
                prepared.writeResultEnd(into: &buffer, version: message.version)
            }
        }
    }

    /// There is no resource at `uri`.
    func notFound(
        _ uri: String, _ message: IncomingMessage, _ method: MCPMethod = .resourcesRead
    ) -> Answer {
        .failure(
            MCPError(
                code: message.version.era == .modern ? -32_602 : -32_002, message: "Resource not found",
                data: ["uri": .string(MCPServer.shown(uri))], problem: .resourceNotFound),
            to: message, method)
    }
}
