import Foundation

/// A running `mcp-gateway` for which a test says what host names stand for.
///
/// It runs in a mount namespace of its own (`unshare(1)`), with other files at `/etc/hosts` and `/etc/resolv.conf`: the
/// resolver is that of the system, and nothing else on the machine is touched.
struct NamedGateway: Sendable {
    let process: ChildProcess
    let port: Int
    let admin: Int
    private let hosts: URL
    private let folder: TemporaryFolder

    /// Whether this system lets a test have such a namespace.
    static let isPossible: Bool = {
        guard let program = Machine.program("unshare") else { return false }
        let trial = Process()
        trial.executableURL = program
        trial.arguments = ["-rm", "sh", "-c", "mount --bind /etc/hostname /etc/hosts"]
        trial.standardError = FileHandle.nullDevice
        guard (try? trial.run()) != nil else { return false }
        trial.waitUntilExit()
        return trial.terminationStatus == 0
    }()

    /// Starts one whose pool has these URLs, with names as in `["10.0.0.1 tools"]`, and waits until it listens.
    static func start(_ urls: [String], _ names: [String], pool: String = "") async throws -> NamedGateway {
        let folder = try TemporaryFolder()
        let hosts = try folder.write("hosts", text(names).utf8)
        // Nobody listens there, which is found out at once.
        let servers = try folder.write("resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n".utf8)
        var configuration = "listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\ndns: { interval: 1s }\n"
        configuration += "pools:\n  tools:\n    backends:\n"
        for url in urls { configuration += "      - \(url)\n" }
        let file = try folder.write("gateway.conf", (configuration + pool).utf8)
        guard let unshare = Machine.program("unshare") else { throw Failure("there is no unshare") }
        let script = #"mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/resolv.conf && shift 2 && exec "$@""#
        let process = try ChildProcess(
            unshare,
            [
                "-rm", "sh", "-c", script, "sh", hosts.path, servers.path,
                Machine.binaries.appending(path: "mcp-gateway").path, "run", "--no-watch", "--config", file.path,
            ])
        return NamedGateway(
            process: process, port: try await process.port(of: "mcp"), admin: try await process.port(of: "admin"),
            hosts: hosts, folder: folder)
    }

    private static func text(_ names: [String]) -> String { names.map { $0 + "\n" }.joined() }

    /// From now on names stand for this. The file stays the same one, since it is what is mounted.
    func name(_ names: [String]) throws {
        let file = try FileHandle(forWritingTo: hosts)
        defer { try? file.close() }
        // In one piece and with the length of before, so that no look finds half of it.
        let text = Data(NamedGateway.text(names).utf8)
        let length = try file.seekToEnd()
        try file.seek(toOffset: 0)
        try file.write(contentsOf: text + Data(repeating: 0x0A, count: max(0, Int(length) - text.count)))
    }

    func send(_ call: HTTPCall) async throws -> HTTPReply { try await call.send(to: port) }

    /// What `/metrics` says now.
    func metrics() async throws -> Metrics { Metrics(try await HTTPCall.get("/metrics").send(to: admin).text) }

    /// What `/status` says now.
    func status() async throws -> JSON { JSON(parsing: try await HTTPCall.get("/status").send(to: admin).body) }

    /// What the backends are called, in order.
    var backends: [String] {
        get async throws { try await status()["pools"][0]["backends"].elements.compactMap { $0["url"].string } }
    }

    /// How many lines of the log say this.
    func lines(with text: String) -> Int {
        process.complaints.split(separator: "\n").count { $0.contains(text) }
    }
}
