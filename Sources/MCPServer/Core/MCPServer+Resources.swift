import Logging
import NIOCore
import Wire

extension MCPServer {
    /// `resources/read`: finds the resource and reads it, at once if it can.
    func readResource(_ message: IncomingMessage) -> Reply {
        let found = message.body.withByteView { bytes -> Result<RegisteredResource, MCPError> in
            guard let uri = message.envelope.uri else { return .failure(.invalidParams("params.uri must be a string")) }
            guard let resource = resources.first(where: { $0.isAt(uri, bytes) }) else {
                return .failure(
                    MCPError(
                        code: message.version.era == .modern ? -32_602 : -32_002, message: "Resource not found",
                        uri: MCPServer.shown(uri, bytes), problem: .resourceNotFound))
            }
            return .success(resource)
        }
        switch found {
        case .failure(let error):
            return .ready(.failure(error, to: message, .resourcesRead))
        case .success(let resource):
            switch resource.kind {
            case .synchronous(let handler):
                return .ready(finish(Result { try handler.read() }, of: resource.definition, message))
            case .asynchronous(let handler):
                return .pending {
                    do {
                        return finish(.success(try await handler.read()), of: resource.definition, message)
                    } catch {
                        return finish(.failure(error), of: resource.definition, message)
                    }
                }
            }
        }
    }

    private func finish(
        _ outcome: Result<ResourceContents, any Error>, of definition: ResourceDefinition, _ message: IncomingMessage
    ) -> Answer {
        switch outcome {
        case .failure(let error):
            logger.error("resource failed", metadata: ["resource": "\(definition.uri)", "error": "\(error)"])
            return .failure(.internalError, to: message, .resourcesRead)
        case .success(let contents):
            return .result(to: message, .resourcesRead, reserving: contents.sizeHint) { buffer in
                buffer.writeStaticString("{")
                if message.version.era == .modern { buffer.writeStaticString("\"resultType\":\"complete\",") }
                buffer.writeStaticString("\"contents\":[{\"uri\":")
                buffer.writeJSONString(definition.uri)
                buffer.writeStaticString(",\"mimeType\":")
                buffer.writeJSONString(definition.mimeType)
                contents.writeMember(into: &buffer)
                buffer.writeStaticString("}]")
                if message.version.era == .modern { definition.cache.writeMembers(into: &buffer) }
                prepared.writeResultEnd(into: &buffer, version: message.version)
            }
        }
    }
}
