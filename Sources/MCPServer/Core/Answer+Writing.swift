import NIOCore
import Wire

extension Answer {
    /// The answer to a request: its id as it came, and the result that `write` appends as one JSON object.
    static func result(
        to message: IncomingMessage, _ method: MCPMethod, reserving: Int = 256, _ write: (inout ByteBuffer) -> Void
    ) -> Answer {
        var body = ByteBuffer()
        body.reserveCapacity(reserving &+ 128)
        body.writeStaticString("{\"jsonrpc\":\"2.0\",\"id\":")
        body.writeID(of: message)
        body.writeStaticString(",\"result\":")
        write(&body)
        body.writeStaticString("}")
        return Answer(body: body, method: method)
    }

    /// An error answer; without an id if it answers nothing that could be read.
    static func failure(
        _ error: MCPError, to message: IncomingMessage?, _ method: MCPMethod, status: Int = 200
    ) -> Answer {
        var body = ByteBuffer()
        body.reserveCapacity(256)
        body.writeStaticString("{\"jsonrpc\":\"2.0\"")
        if let message, message.envelope.id != nil {
            body.writeStaticString(",\"id\":")
            body.writeID(of: message)
        }
        body.writeStaticString(",\"error\":{\"code\":")
        body.writeDecimal(error.code)
        body.writeStaticString(",\"message\":")
        body.writeJSONString(error.message)
        if let data = error.data {
            body.writeStaticString(",\"data\":")
            body.writeJSON(data)
        }
        body.writeStaticString("}}")
        return Answer(body: body, status: status, method: method, problem: error.problem)
    }
}

extension ByteBuffer {
    /// Appends the id of a request exactly as it came.
    fileprivate mutating func writeID(of message: IncomingMessage) {
        guard let id = message.envelope.id else { return }
        message.body.withByteView { bytes in
            _ = writeBytes(bytes[id.range].raw)
        }
    }
}
