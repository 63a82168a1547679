/// Something that a gateway can be put in front of. The gateway keeps it alive.
protocol Backend: Sendable {
    var url: String { get }
}

/// A backend that is somebody else's business, or nobody's.
struct ForeignBackend: Backend {
    let url: String

    init(port: Int) {
        url = "http://127.0.0.1:\(port)/mcp"
    }
}
