import ArgumentParser
import Testing

@testable import mcp_monitor

struct MonitorOptionsTests {
    private func settings(
        _ arguments: [String], _ variables: [MonitorVariable: String] = [:], files: [String: String] = [:]
    ) throws -> MonitorSettings {
        try MonitorCommand.parse(arguments).options.settings(variables) { file in
            files[file].map { .success($0) } ?? .failure(FileComplaint(reason: "the file cannot be read"))
        }
    }

    private func complaints(
        _ arguments: [String], _ variables: [MonitorVariable: String] = [:], files: [String: String] = [:]
    ) throws -> MonitorComplaints {
        do {
            _ = try settings(arguments, variables, files: files)
        } catch let error as MonitorComplaints {
            return error
        }
        throw Failure("there was nothing to complain about")
    }

    @Test func `has defaults for everything but the servers`() throws {
        let settings = try settings(["http://a/mcp"])
        #expect(settings.servers.servers.map(\.name) == ["a"])
        #expect(settings.probe.interval == .seconds(30))
        #expect(settings.probe.timeout == .seconds(10))
        #expect(settings.probe.healthPath == "/health")
        #expect(settings.probe.call == nil)
        #expect(settings.probe.bearer == nil)
        #expect(settings.listen.description == "127.0.0.1:9092")
        #expect(settings.logLevel == .info)
        let none = try complaints([])
        #expect(none.exitCode == .validationFailure)
        #expect(none.lines.count == 1)
    }

    @Test func `takes flags`() throws {
        let settings = try settings(
            [
                "http://a/", "--server", "b=http://b/", "--servers", "f", "--interval", "5s", "--timeout", "250ms",
                "--call",
                #"sum={"a":1}"#, "--health-path", "/up?x", "--header", "X-A: 1", "--header", "X-B: 2", "--bearer",
                "env:T",
                "--ca", "ca.pem", "--listen", "[::]:0", "--log-level", "debug",
            ], files: ["f": "c=http://c/"])
        #expect(settings.servers.servers.map(\.name) == ["a", "b", "c"])
        #expect(settings.probe.interval == .seconds(5))
        #expect(settings.probe.timeout == .milliseconds(250))
        #expect(settings.probe.call?.parameters == #""name":"sum","arguments":{"a":1}"#)
        #expect(settings.probe.healthPath == "/up?x")
        #expect(settings.probe.headerLines == "X-A: 1\r\nX-B: 2\r\n")
        #expect(settings.probe.bearer == .variable("T"))
        #expect(settings.authorityFile == "ca.pem")
        #expect(settings.listen.host == "::" && settings.listen.port == 0)
        #expect(settings.logLevel == .debug)
        #expect(try self.settings(["http://a/", "--no-health"], [.healthPath: "/x"]).probe.healthPath == nil)
    }

    @Test func `takes variables, which flags win over`() throws {
        let variables: [MonitorVariable: String] = [
            .servers: "http://v/,w=http://w/", .interval: "1m", .timeout: "2s", .call: "ping", .healthPath: "/v",
            .bearer: "file:t", .authorities: "v.pem", .listen: "0.0.0.0:1", .logLevel: "ERROR",
        ]
        let fromVariables = try settings([], variables)
        #expect(fromVariables.servers.servers.map(\.name) == ["v", "w"])
        #expect(fromVariables.probe.interval == .seconds(60))
        #expect(fromVariables.probe.timeout == .seconds(2))
        #expect(fromVariables.probe.call?.tool == "ping")
        #expect(fromVariables.probe.healthPath == "/v")
        #expect(fromVariables.probe.bearer == .file("t"))
        #expect(fromVariables.authorityFile == "v.pem")
        #expect(fromVariables.listen.description == "0.0.0.0:1")
        #expect(fromVariables.logLevel == .error)
        let flags = try settings(
            [
                "http://a/", "--interval", "5s", "--timeout", "1s", "--call", "x", "--health-path", "/a", "--bearer",
                "env:A", "--ca", "a.pem", "--listen", "127.0.0.1:2", "--log-level", "info",
            ], variables)
        #expect(flags.servers.servers.map(\.name) == ["a"])
        #expect(flags.probe.interval == .seconds(5))
        #expect(flags.probe.timeout == .seconds(1))
        #expect(flags.probe.call?.tool == "x")
        #expect(flags.probe.healthPath == "/a")
        #expect(flags.probe.bearer == .variable("A"))
        #expect(flags.authorityFile == "a.pem")
        #expect(flags.listen.port == 2)
        #expect(flags.logLevel == .info)
    }

    @Test func `takes a file that a variable names unless flags name servers`() throws {
        let files = ["f": "c=http://c/"]
        #expect(try settings([], [.serversFile: "f"], files: files).servers.servers.map(\.name) == ["c"])
        #expect(try settings(["http://a/"], [.serversFile: "f"], files: files).servers.servers.map(\.name) == ["a"])
        #expect(
            try settings([], [.serversFile: "f", .servers: "http://v/"], files: files).servers.servers.map(\.name)
                == ["v", "c"])
    }

    @Test(arguments: [
        ["ftp://a/"], ["http://a/", "--interval", "0s"], ["http://a/", "--timeout", "2h"],
        ["http://a/", "--call", "x=1"],
        ["http://a/", "--call", "="], ["http://a/", "--health-path", "health"], ["http://a/", "--log-level", "loud"],
    ])
    func `ends with 64 for a wrong flag`(arguments: [String]) throws {
        #expect(try complaints(arguments).exitCode == .validationFailure)
    }

    @Test(arguments: [
        ["--interval", "5"], ["--bearer", "secret"], ["--header", "Host: x"], ["--header", "X\r\nY: 1"],
        ["--header", "X: a\nY: b"], ["--header", "mcp-session-id: x"], ["--header", ": x"], ["--listen", "9092"],
        ["--json"],
        ["--strict"], ["--once", "--healthcheck"],
    ])
    func `refuses a flag without form or sense`(arguments: [String]) {
        #expect(throws: (any Error).self) { _ = try MonitorCommand.parse(["http://a/"] + arguments) }
    }

    @Test(arguments: [
        (MonitorVariable.interval, "5"), (.interval, "1ms"), (.timeout, "x"), (.call, "x=[]"), (.healthPath, "x"),
        (.bearer, "x"), (.listen, "x"), (.logLevel, "x"), (.servers, "x"), (.serversFile, "nowhere"),
    ])
    func `ends with 78 for a wrong variable`(variable: MonitorVariable, value: String) throws {
        let isServers = variable == .servers || variable == .serversFile
        let complaints = try complaints(isServers ? [] : ["http://a/"], [variable: value])
        #expect(complaints.exitCode == .badConfiguration)
        let name = variable == .serversFile ? "nowhere" : variable.rawValue
        #expect(complaints.lines.first?.contains(name) == true)
    }

    @Test func `ends with 78 for a wrong file, one line for each mistake`() throws {
        let complaints = try complaints(["--servers", "f"], files: ["f": "x\ny\n"])
        #expect(complaints.exitCode == .badConfiguration)
        #expect(complaints.lines.map { $0.prefix(6) } == ["f:1:1:", "f:2:1:"])
    }
}
