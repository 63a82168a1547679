/// A request, written as it goes over the wire.
struct HTTPCall: Sendable {
    var method = "POST"
    var path = "/mcp"
    var host = "127.0.0.1"
    var fields: [(name: String, value: String)] = []
    var body: String?

    var bytes: [UInt8] {
        var text = "\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n"
        for field in fields { text += "\(field.name): \(field.value)\r\n" }
        if let body { text += "Content-Length: \(body.utf8.count)\r\n\r\n\(body)" } else { text += "\r\n" }
        return Array(text.utf8)
    }

    /// Sends it on a connection of its own.
    func send(to port: Int, limit: Duration = .seconds(20)) async throws -> HTTPReply {
        let call = self
        return try await blocking { try HTTPConnection(port: port, limit: limit).exchange(call) }
    }

    static func get(_ path: String) -> HTTPCall { HTTPCall(method: "GET", path: path) }
}
