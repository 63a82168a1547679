import Foundation

/// A real `redis-server` on a port of its own, to which things can happen. Killed with the last reference.
final class RedisServer: @unchecked Sendable {
    let port: Int
    private let arguments: [String]
    private let isSentinel: Bool
    private let folder: TemporaryFolder
    /// Changed by the one test that has the server.
    private var process: ChildProcess

    /// The program, if it is installed.
    static var executable: URL? {
        ProcessInfo.processInfo.environment["MCP_REDIS_SERVER"].map { URL(filePath: $0) }
            ?? Machine.program("redis-server")
    }

    /// Whether tests that need it can run; where everything must be there, they do.
    static var isThere: Bool {
        Machine.isComplete || (executable != nil && Machine.program("redis-cli") != nil)
    }

    private init(port: Int, arguments: [String], isSentinel: Bool, folder: TemporaryFolder) throws {
        self.port = port
        self.arguments = arguments
        self.isSentinel = isSentinel
        self.folder = folder
        process = try RedisServer.launch(arguments)
    }

    /// Starts a server with further arguments, and waits until it serves.
    static func start(_ arguments: [String] = []) async throws -> RedisServer {
        let folder = try TemporaryFolder()
        let port = try freePort()
        let server = try RedisServer(
            port: port,
            arguments: [
                "--port", "\(port)", "--bind", "127.0.0.1", "--dir", folder.url.path, "--save", "", "--appendonly",
                "no", "--enable-debug-command", "yes",
            ] + arguments, isSentinel: false, folder: folder)
        try await server.waitUntilItListens()
        return server
    }

    /// Starts a Sentinel that watches `master` under the name `main` together with another one, and gives it up soon.
    static func startSentinel(of master: RedisServer) async throws -> RedisServer {
        let folder = try TemporaryFolder()
        let port = try freePort()
        let text = """
            port \(port)
            bind 127.0.0.1
            dir \(folder.url.path)
            sentinel monitor main 127.0.0.1 \(master.port) 2
            sentinel down-after-milliseconds main 500
            sentinel failover-timeout main 5000

            """
        let file = try folder.write("sentinel.conf", text.utf8)
        let server = try RedisServer(
            port: port, arguments: [file.path, "--sentinel"], isSentinel: true, folder: folder)
        try await server.waitUntilItListens()
        return server
    }

    private static func launch(_ arguments: [String]) throws -> ChildProcess {
        guard let executable else { throw Failure("redis-server is not installed") }
        return try ChildProcess(executable, arguments)
    }

    private func waitUntilItListens() async throws {
        try await eventually("redis-server listens; it said: \(process.lastWords)") {
            guard process.isRunning else { throw Failure("redis-server ended: \(process.lastWords)") }
            return process.output.contains(isSentinel ? "+monitor master" : "Ready to accept connections")
        }
    }

    /// A port of 127.0.0.1 that was free a moment ago.
    static func freePort() throws -> Int { try Socket.listening().port }

    var address: String { "127.0.0.1:\(port)" }
    var url: String { "redis://\(address)" }

    /// Ends it at once, as a crash would.
    func crash() async throws {
        process.signal(SIGKILL)
        try await process.exit()
    }

    /// Starts it again after it has ended; with `isReady`, waits until it serves.
    func restart(with more: [String] = [], isReady: Bool = true) async throws {
        process = try RedisServer.launch(arguments + more)
        if isReady { try await waitUntilItListens() }
    }

    /// Stops it: connections are accepted by the system, and nothing answers.
    func freeze() { process.signal(SIGSTOP) }

    /// Lets it go on.
    func thaw() { process.signal(SIGCONT) }

    /// What it says to a command, as `redis-cli` prints it.
    @discardableResult
    func ask(_ words: String..., password: String? = nil) async throws -> String {
        try await ask(words, password: password)
    }

    /// The same.
    @discardableResult
    func ask(_ words: [String], password: String? = nil) async throws -> String {
        guard let client = Machine.program("redis-cli") else { throw Failure("redis-cli is not installed") }
        let login = password.map { ["--no-auth-warning", "-a", $0] } ?? []
        let outcome = try await ChildProcess.run(client, ["-p", "\(port)"] + login + words, within: .seconds(20))
        return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Gives it a command to which the answer must be `answer`.
    func tell(_ words: String..., answer: String) async throws {
        let said = try await ask(words)
        guard said == answer else { throw Failure("redis-server said \(said) to \(words)") }
    }

    /// Gives it a command whose answer nobody waits for.
    func begin(_ words: String...) throws -> ChildProcess {
        guard let client = Machine.program("redis-cli") else { throw Failure("redis-cli is not installed") }
        return try ChildProcess(client, ["-p", "\(port)"] + words)
    }
}
