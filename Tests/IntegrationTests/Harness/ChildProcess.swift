import Foundation

/// A process under test. What it prints goes to files, so that it can never be held up by a reader.
///
/// Killed at the latest when the last reference to it goes.
final class ChildProcess: Sendable {
    let name: String
    private let process: UncheckedProcess
    private let folder: TemporaryFolder

    /// `Process` guards its own state with locks; it is configured before it is shared.
    private struct UncheckedProcess: @unchecked Sendable {
        let value: Process
    }

    /// Starts `program`.
    init(_ program: URL, _ arguments: [String], environment: [String: String] = [:]) throws {
        name = program.lastPathComponent
        let folder = try TemporaryFolder()
        self.folder = folder
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let files = try ["stdout", "stderr"].map { try FileHandle(forWritingTo: folder.write($0, [])) }
        process.standardOutput = files[0]
        process.standardError = files[1]
        try process.run()
        // It has its own by now. Foundation keeps these for ever, and crashes in `run` when it has some 1,360 of them.
        for file in files { try? file.close() }
        self.process = UncheckedProcess(value: process)
    }

    deinit {
        if process.value.isRunning { kill(process.value.processIdentifier, SIGKILL) }
    }

    var pid: Int32 { process.value.processIdentifier }
    var isRunning: Bool { process.value.isRunning }

    /// Everything printed to standard output until now.
    var output: String { text("stdout") }

    /// Everything printed to standard error until now.
    var complaints: String { text("stderr") }

    private func text(_ file: String) -> String {
        (try? Data(contentsOf: folder.url.appending(path: file))).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    func signal(_ signal: Int32) {
        if isRunning { kill(pid, signal) }
    }

    /// Waits for the end; the exit code, or 128 + the signal that ended it.
    @discardableResult
    func exit(within limit: Duration = .seconds(15)) async throws -> Int32 {
        try await eventually("\(name) ends; it said: \(lastWords)", within: limit) { !isRunning }
        let status = process.value.terminationStatus
        return process.value.terminationReason == .uncaughtSignal ? 128 + status : status
    }

    /// Asks it to end, and makes it end when it does not.
    func stop() async {
        signal(SIGTERM)
        if (try? await exit(within: .seconds(5))) == nil {
            signal(SIGKILL)
            _ = try? await exit(within: .seconds(5))
        }
    }

    /// The port of the listener with this name, once its line has been printed; any listener when `nil`.
    func port(of listener: String? = nil) async throws -> Int {
        var port: Int?
        try await eventually("\(name) listens (\(listener ?? "any")); it said: \(lastWords)") {
            port =
                output.split(separator: "\n").lazy.compactMap { line in
                    let line = JSON(parsing: line)
                    guard line["message"].string == "listening" else { return nil }
                    guard listener == nil || line["listener"].string == listener else { return nil }
                    return line["address"].string?.split(separator: ":").last.flatMap { Int($0) }
                }.first
            if port == nil, !isRunning { throw Failure("\(name) ended before it listened: \(lastWords)") }
            return port != nil
        }
        guard let port else { throw Failure("\(name) does not listen") }
        return port
    }

    /// The end of what it printed, for messages.
    var lastWords: String { String((complaints + output).suffix(1_500)) }

    /// Runs a program to its end.
    static func run(
        _ program: URL, _ arguments: [String], environment: [String: String] = [:],
        within limit: Duration = .seconds(60)
    ) async throws -> Outcome {
        let child = try ChildProcess(program, arguments, environment: environment)
        do {
            let status = try await child.exit(within: limit)
            return Outcome(status: status, output: child.output, complaints: child.complaints)
        } catch {
            child.signal(SIGKILL)
            throw error
        }
    }

    /// What is left of a process that has ended.
    struct Outcome: Sendable {
        var status: Int32
        var output: String
        var complaints: String
    }
}
