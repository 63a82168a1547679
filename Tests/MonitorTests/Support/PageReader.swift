import NIOCore
import NIOPosix

@testable import mcp_monitor

/// Reads pages of a monitor.
enum PageReader {
    /// The status and the beginning of the page at `path`.
    static func get(_ url: ServerURL, _ path: String, verb: String = "GET") async throws -> (status: Int, text: String)
    {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let request = ByteBuffer(string: "\(verb) \(path) HTTP/1.1\r\nHost: \(url.origin.authority)\r\n\r\n")
        let outcome = try await loop.flatSubmit {
            let connection = ProbeConnection(to: url.origin, on: loop)
            let bound = NIOLoopBound(connection, eventLoop: loop)
            return connection.open(sealedBy: nil, deadline: .now() + .seconds(5)).flatMap { failure in
                guard let failure else {
                    return bound.value.send(request, id: nil, deadline: .now() + .seconds(5)).always { _ in
                        bound.value.close()
                    }
                }
                return loop.makeFailedFuture(failure)
            }
        }.get()
        let answer = try outcome.result.get()
        return (answer.status, String(decoding: answer.page, as: UTF8.self))
    }
}
