import NIOCore
import Testing
import Wire

extension FakeRuntimeAPI {
    /// Judges the messages in what a function reports of an event, as if both had gone over HTTP.
    func judge(_ report: Report, of event: String, sourceLocation: SourceLocation) {
        guard let event = try? JSONValue.parse(event), report.path == "invocation/ID/response" else { return }
        let transcript = HTTPTranscript()
        let method = event["httpMethod"] ?? event["requestContext"]?["http"]?["method"]
        let path = event["rawPath"] ?? event["path"]
        transcript.send(
            text(
                "\(method?.stringValue ?? "") \(path?.stringValue ?? "") HTTP/1.1", event["headers"],
                body(event)
            ).utf8)
        // A streamed answer begins with its head, behind which are eight zeros.
        let zeros = Array(repeating: 0 as UInt8, count: 8)
        if let end = report.body.firstRange(of: zeros) {
            let head = try? JSONValue.parse(Array(report.body[..<end.lowerBound]))
            let body = String(decoding: report.body[end.upperBound...], as: UTF8.self)
            transcript.receive(text("HTTP/1.1 200 OK", head?["headers"], body).utf8)
        } else if let json = report.json {
            let fields = json["headers"] ?? json["multiValueHeaders"]
            transcript.receive(text("HTTP/1.1 200 OK", fields, body(json)).utf8)
        }
        transcript.judge(sourceLocation: sourceLocation)
    }

    private func body(_ json: JSONValue) -> String {
        guard let text = json["body"]?.stringValue else { return "" }
        guard json["isBase64Encoded"] == true else { return text }
        let bytes = Array(text.utf8).withUnsafeBytes { Base64.decode(ByteView($0)) }
        return String(decoding: bytes ?? [], as: UTF8.self)
    }

    /// A message of HTTP with these header fields, whose values are texts or lists of texts.
    private func text(_ start: String, _ fields: JSONValue?, _ body: String) -> String {
        var text = start + "\r\n"
        for field in fields?.objectValue?.members ?? []
        where !["content-length", "transfer-encoding"].contains(field.name) {
            for value in field.value.arrayValue ?? [field.value] {
                text += "\(field.name): \(value.stringValue ?? "")\r\n"
            }
        }
        return text + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
}
