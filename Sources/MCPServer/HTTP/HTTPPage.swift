public import NIOCore

/// A page beside the MCP endpoint, for operators: answers GET and HEAD at one path.
public struct HTTPPage: Sendable {
    /// What a page says.
    public struct Contents: Sendable {
        /// The forms that pages come in.
        public enum Form: Sendable {
            /// `application/json`.
            case json
            /// The text format of Prometheus, version 0.0.4.
            case prometheus
        }

        /// The HTTP status.
        public var status: Int
        /// What the body is.
        public var form: Form
        /// The body.
        public var body: ByteBuffer

        /// The contents of a page.
        public init(status: Int = 200, form: Form, body: ByteBuffer) {
            self.status = status
            self.form = form
            self.body = body
        }
    }

    /// The path, exactly, such as `/health`.
    public let path: String
    /// Makes the page; runs on the event loop of the request.
    public let contents: @Sendable () async -> Contents

    /// A page.
    public init(path: String, contents: @escaping @Sendable () async -> Contents) {
        self.path = path
        self.contents = contents
    }
}
