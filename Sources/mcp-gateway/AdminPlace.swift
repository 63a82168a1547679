import ArgumentParser

/// Where a running gateway is asked.
struct AdminPlace: ParsableArguments {
    @Option(name: .shortAndLong, help: "The configuration file of the gateway.")
    var config = "gateway.conf"

    @Option(help: "Its admin address, HOST:PORT, instead of the one in the file.")
    var admin: String?

    /// What the gateway answers, if it is a good answer.
    ///
    /// - Throws: an exit code, after saying what is wrong.
    func send(_ method: String, _ target: String) async throws -> String {
        let listener = try listener()
        guard let answer = await listener.send(method, target, timeout: .seconds(5)) else {
            StandardError.line(
                "mcp-gateway: no gateway answers at \(listener); is it running, and is this `admin`?")
            throw ExitCode.unavailable
        }
        guard answer.status == 200 else {
            StandardError.line("mcp-gateway: \(listener) answers \(answer.status): \(answer.body)")
            throw ExitCode.failure
        }
        return answer.body
    }

    private func listener() throws -> AdminListener {
        guard let admin else { return try AdminListener(of: ConfigurationFile(config)) }
        guard let listener = AdminListener(argument: admin) else {
            throw ValidationError("--admin must be HOST:PORT, as in 127.0.0.1:9090")
        }
        return listener
    }
}
