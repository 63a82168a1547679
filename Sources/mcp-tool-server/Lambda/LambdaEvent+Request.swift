import NIOCore
import Wire

extension LambdaEvent {
    /// The event as a request of HTTP/1.1.
    ///
    /// HEAD becomes GET, whose answer says where it ends; its body is the caller's to drop.
    ///
    /// - Parameter traceID: goes out as `X-Amzn-Trace-Id`, in place of the client's.
    func request(traceID: String?) -> ByteBuffer {
        var request = ByteBuffer()
        request.writeString("\(method == "HEAD" ? "GET" : method) \(target) HTTP/1.1\r\n")
        for field in fields where traceID == nil || field.name.lowercased() != "x-amzn-trace-id" {
            request.writeString("\(field.name): \(field.value)\r\n")
        }
        if let traceID { request.writeString("X-Amzn-Trace-Id: \(traceID)\r\n") }
        // Without a length a body that is not there could not be told from one that was forgotten.
        if body != nil || method == "POST" {
            request.writeString("Content-Length: \(body?.readableBytes ?? 0)\r\n")
        }
        request.writeStaticString("\r\n")
        if let body { request.writeImmutableBuffer(body) }
        return request
    }
}
