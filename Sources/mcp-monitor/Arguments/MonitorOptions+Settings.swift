import ArgumentParser
import Logging

extension MonitorOptions {
    /// The settings that flags and environment make.
    ///
    /// - Parameters:
    ///   - variables: the environment.
    ///   - read: gives the contents of a file, or says why it cannot be read.
    /// - Throws: `MonitorComplaints`.
    func settings(
        _ variables: [MonitorVariable: String], read: (String) -> Result<String, FileComplaint>
    ) throws(MonitorComplaints) -> MonitorSettings {
        var settings = MonitorSettings()
        settings.servers = try serverList(variables, read)
        settings.probe.interval =
            try value(
                interval, .interval, variables, { DurationArgument(argument: $0) }, "a duration such as 30s")?.duration
            ?? .seconds(30)
        settings.probe.timeout =
            try value(
                timeout, .timeout, variables, { DurationArgument(argument: $0) }, "a duration such as 10s")?.duration
            ?? .seconds(10)
        guard settings.probe.interval >= .milliseconds(100), settings.probe.interval <= .seconds(86_400) else {
            throw complaint(interval == nil, "--interval", .interval, "must be 100ms to 24h")
        }
        guard settings.probe.timeout >= .milliseconds(10), settings.probe.timeout <= .seconds(3_600) else {
            throw complaint(timeout == nil, "--timeout", .timeout, "must be 10ms to 1h")
        }
        settings.probe.call = try call(variables)
        settings.probe.healthPath = try healthPath(variables)
        settings.probe.headerLines = headers.map(\.line).joined()
        settings.probe.bearer = try value(
            bearer, .bearer, variables, { BearerSource(argument: $0) }, "env:NAME or file:PATH")
        settings.authorityFile = authorityFile ?? variables[.authorities]
        settings.listen = try listenAddress(variables)
        settings.logLevel = try level(variables)
        return settings
    }

    /// Where the monitor listens, which is all that its own health check needs to know.
    func listenAddress(_ variables: [MonitorVariable: String]) throws(MonitorComplaints) -> ListenAddress {
        try value(listen, .listen, variables, { ListenAddress(argument: $0) }, "HOST:PORT") ?? .standard
    }

    // MARK: Parts

    private func serverList(
        _ variables: [MonitorVariable: String], _ read: (String) -> Result<String, FileComplaint>
    ) throws(MonitorComplaints) -> ServerList {
        var list = ServerList()
        for text in servers + moreServers {
            do throws(WatchedServerError) {
                try list.append(WatchedServer(text))
            } catch {
                throw MonitorComplaints("\(error)", exitCode: .validationFailure)
            }
        }
        let isGiven = !(servers + moreServers).isEmpty || serversFile != nil
        if !isGiven, let text = variables[.servers] {
            do throws(WatchedServerError) {
                try list.append(commaSeparated: text)
            } catch {
                throw MonitorComplaints("MCP_SERVERS: \(error)", exitCode: .badConfiguration)
            }
        }
        if let file = serversFile ?? (isGiven ? nil : variables[.serversFile]) {
            switch read(file) {
            case .failure(let complaint):
                throw MonitorComplaints(lines: ["\(file): \(complaint.reason)"], exitCode: .badConfiguration)
            case .success(let contents):
                let lines = list.append(contents: contents, ofFile: file)
                guard lines.isEmpty else { throw MonitorComplaints(lines: lines, exitCode: .badConfiguration) }
            }
        }
        guard !list.servers.isEmpty else {
            throw MonitorComplaints(
                "there is no server to watch: name one, as in http://127.0.0.1:9000/mcp, or set MCP_SERVERS",
                exitCode: .validationFailure)
        }
        return list
    }

    private func call(_ variables: [MonitorVariable: String]) throws(MonitorComplaints) -> ProbeCall? {
        guard let text = call ?? variables[.call] else { return nil }
        guard let made = ProbeCall(text) else {
            throw complaint(
                call == nil, "--call", .call, "must be the name of a tool, or TOOL=JSON with an object of arguments")
        }
        return made
    }

    private func healthPath(_ variables: [MonitorVariable: String]) throws(MonitorComplaints) -> String? {
        if noHealth { return nil }
        let path = healthPath ?? variables[.healthPath] ?? "/health"
        guard path.hasPrefix("/"), path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x23 }) else {
            throw complaint(healthPath == nil, "--health-path", .healthPath, "must begin with / and hold no spaces")
        }
        return path
    }

    private func level(_ variables: [MonitorVariable: String]) throws(MonitorComplaints) -> Logger.Level {
        guard let text = logLevel ?? variables[.logLevel] else { return .info }
        guard let level = Logger.Level(rawValue: text.lowercased()) else {
            throw complaint(logLevel == nil, "--log-level", .logLevel, "must be debug, info, warning or error")
        }
        return level
    }

    /// What the flag says, else what the variable says.
    private func value<Value>(
        _ flag: Value?, _ variable: MonitorVariable, _ variables: [MonitorVariable: String],
        _ parse: (String) -> Value?, _ form: String
    ) throws(MonitorComplaints) -> Value? {
        if let flag { return flag }
        guard let text = variables[variable] else { return nil }
        guard let value = parse(text) else { throw complaint(true, "", variable, "must be \(form)") }
        return value
    }

    private func complaint(
        _ isVariable: Bool, _ flag: String, _ variable: MonitorVariable, _ reason: String
    ) -> MonitorComplaints {
        MonitorComplaints(
            "\(isVariable ? variable.rawValue : flag) \(reason)",
            exitCode: isVariable ? .badConfiguration : .validationFailure)
    }
}

/// Why a file cannot be read.
struct FileComplaint: Error, Hashable {
    /// The end of a sentence.
    var reason: String
}
