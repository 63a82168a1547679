import Testing

extension Integration {
    /// The official Python SDK on a network that cuts connections, straight to a tool server and through the gateway.
    ///
    /// Its client (2.3.0, `streamable_http.py`) takes any end of the stream of a call that has not answered the call, proper or
    /// not, for a reason to come back, if an event with an id has come before: it waits for what `retry` said, and asks with
    /// `Last-Event-ID`. When the stream that it comes back for is torn as well, it asks for what is behind the *first* cut once
    /// more, and passes on again what it has had; after a proper end it does not. So the streams that are cut several times
    /// here are ended properly.
    @Suite(.enabled(if: Machine.hasPython, "make .venv with the official SDK: scripts/test"))
    struct CutConnections {
        @Test(arguments: [false, true])
        func `loses nothing and sees nothing twice`(isThroughGateway: Bool) async throws {
            let server = try await ToolServer.start("specimens", flags: ["--everything"])
            let gateway = try await RunningGateway.start(backends: [server])
            let report = try await PythonClient.report("cut.py", isThroughGateway ? gateway.endpoint : server.url)

            #expect(report["protocolVersion"] == "2025-11-25")
            guard case .array(let calls) = report["calls"] else { throw Failure("no calls: \(report)") }
            #expect(calls.count == 14)
            for call in calls {
                let name = Comment(rawValue: call["cut"].string ?? "")
                #expect(call["text"] == "Done.", name)
                #expect(call["isError"] == false, name)
                #expect(call["progress"] == [0, 50, 100], name)
                // Every cut took place, and after each the client came back for what was behind the last event it had.
                guard case .array(let cuts) = call["behind"] else { throw Failure("no cuts: \(call)") }
                #expect(cuts.count == call["count"].int, name)
                #expect(call["resumed"] == call["behind"], name)
            }
        }
    }
}
