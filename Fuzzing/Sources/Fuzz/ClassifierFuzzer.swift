import Wire

/// The classifier: three header values, each on a line (`-` for none), then the body.
enum ClassifierFuzzer {
    /// A call, with and without a session.
    static func call(_ input: ByteView) {
        var lines: [ByteView?] = []
        var start = 0
        while lines.count < 3 {
            var end = start
            while end < input.count, input[end] != UInt8(ascii: "\n") { end += 1 }
            let line = input.slice(from: start, to: end)
            lines.append(line.equals("-") ? nil : line)
            start = end + 1
        }
        let body = input.slice(from: start, to: input.count)
        guard case .success(let envelope) = JSONFuzzer.scan(body, seed: 6) else { return }
        let headers = MCPHeaderValues(protocolVersion: lines[0], method: lines[1], name: lines[2])
        for session in [nil] + MCPProtocolVersion.allCases {
            do throws(MCPRefusal) {
                let found = try MCPClassifier.classify(
                    envelope, body: body, headers: headers, sessionVersion: session)
                if let version = found.version { precondition(version.era == found.era, "a revision of another era") }
            } catch {
                precondition((400..<600).contains(error.failure.httpStatus(error.era)) || error.era == .legacy)
                if let range = error.requestedVersion { precondition(range.end <= body.count) }
            }
        }
    }
}
