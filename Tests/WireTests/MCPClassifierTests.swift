import Testing

@testable import Wire

struct MCPClassifierTests {
    /// What becomes of a message.
    enum Verdict: Equatable, Sendable {
        case legacy(MCPProtocolVersion?)
        case modern
        case refused(GatewayFailure, MCPEra)
    }

    /// A POST: its body, and what its head says.
    struct Message: CustomTestStringConvertible, Sendable {
        var body: String
        var version: String?
        var method: String?
        var name: String?
        var isRepeated = false
        var session: MCPProtocolVersion?

        init(
            _ body: String, version: String? = nil, method: String? = nil, name: String? = nil,
            isRepeated: Bool = false, session: MCPProtocolVersion? = nil
        ) {
            self.body = body
            self.version = version
            self.method = method
            self.name = name
            self.isRepeated = isRepeated
            self.session = session
        }

        var testDescription: String {
            "\(body) version: \(version ?? "-") method: \(method ?? "-") name: \(name ?? "-") session: \(session.map { "\($0.text)" } ?? "-")"
        }
    }

    /// One message and its verdict.
    struct Row: CustomTestStringConvertible, Sendable {
        var message: Message
        var verdict: Verdict

        init(_ message: Message, _ verdict: Verdict) {
            self.message = message
            self.verdict = verdict
        }

        var testDescription: String { message.testDescription }
    }

    static func classify(_ message: Message) throws -> Result<MCPClassification, MCPRefusal> {
        var scratch = JSONScratch(seed: 1)
        return try withBytes(message.body) { body in
            let envelope = try JSONRPCEnvelope.scan(body, scratch: &scratch)
            return withOptional(message.version) { version in
                withOptional(message.method) { method in
                    withOptional(message.name) { name in
                        let headers = MCPHeaderValues(
                            protocolVersion: version, method: method, name: name,
                            hasRepeatedLine: message.isRepeated)
                        do throws(MCPRefusal) {
                            return .success(
                                try MCPClassifier.classify(
                                    envelope, body: body, headers: headers, sessionVersion: message.session))
                        } catch {
                            return .failure(error)
                        }
                    }
                }
            }
        }
    }

    private static func withBytes<R>(_ text: String, _ body: (ByteView) throws -> R) rethrows -> R {
        try Array(text.utf8).withUnsafeBytes { try body(ByteView($0)) }
    }

    private static func withOptional<R>(_ text: String?, _ body: (ByteView?) throws -> R) rethrows -> R {
        guard let text else { return try body(nil) }
        return try withBytes(text) { try body($0) }
    }

    static func verdict(_ message: Message) throws -> Verdict {
        switch try classify(message) {
        case .success(let classification):
            guard classification.era == .modern else { return .legacy(classification.version) }
            #expect(classification.version == .v2026_07_28)
            return .modern
        case .failure(let refusal):
            return .refused(refusal.failure, refusal.era)
        }
    }

    // MARK: Bodies

    static let envelope =
        #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#

    /// A request with a complete modern envelope.
    static func modern(_ method: String, _ params: String = "") -> String {
        #"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":{\#(params)\#(params.isEmpty ? "" : ",")\#(envelope)}}"#
    }

    /// A request with the given members of `params._meta`.
    static func withMeta(_ meta: String, method: String = "tools/list") -> String {
        #"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":{"_meta":{\#(meta)}}}"#
    }

    static func plain(_ method: String, _ params: String? = nil) -> String {
        #"{"jsonrpc":"2.0","id":1,"method":"\#(method)"\#(params.map { #","params":{\#($0)}"# } ?? "")}"#
    }

    static func notification(_ method: String, _ params: String? = nil) -> String {
        #"{"jsonrpc":"2.0","method":"\#(method)"\#(params.map { #","params":{\#($0)}"# } ?? "")}"#
    }

    static let newest = "2026-07-28"
    static let version = #""io.modelcontextprotocol/protocolVersion":"2026-07-28""#
    static let capabilities = #""io.modelcontextprotocol/clientCapabilities":{}"#

    // MARK: Legacy

    static let legacyRows: [Row] = [
        Row(Message(plain("initialize")), .legacy(nil)),
        Row(Message(plain("initialize"), version: "2025-06-18"), .legacy(.v2025_06_18)),
        Row(Message(plain("initialize", #""protocolVersion":"2099-01-01""#)), .legacy(nil)),
        Row(Message(plain("initialize", #""protocolVersion":"2026-07-28""#)), .legacy(nil)),
        Row(Message(plain("initialize"), version: newest), .refused(.headerMismatch, .legacy)),
        Row(Message(plain("initialize"), version: "1999-12-31"), .refused(.unsupportedVersion, .legacy)),
        // An envelope that is not valid does not make an `initialize` modern.
        Row(Message(withMeta(version, method: "initialize")), .legacy(nil)),
        Row(Message(withMeta(version, method: "initialize"), version: newest), .refused(.headerMismatch, .legacy)),

        Row(Message(plain("tools/list")), .legacy(nil)),
        Row(Message(plain("tools/list"), session: .v2025_03_26), .legacy(.v2025_03_26)),
        Row(Message(plain("tools/list"), version: "2025-11-25", session: .v2025_11_25), .legacy(.v2025_11_25)),
        Row(Message(plain("tools/list"), version: "2024-11-05"), .legacy(.v2024_11_05)),
        Row(Message(plain("tools/list"), version: "1999-12-31"), .refused(.unsupportedVersion, .legacy)),
        Row(Message(plain("tools/list"), version: ""), .refused(.unsupportedVersion, .legacy)),
        Row(Message(plain("frobnicate/all"), version: "2025-11-25"), .legacy(.v2025_11_25)),
        Row(Message(plain("server/discover")), .legacy(nil)),
        Row(Message(plain("ping"), session: .v2025_11_25), .legacy(.v2025_11_25)),
        // Mirrored headers mean nothing to a revision that has none.
        Row(Message(plain("tools/list"), version: "2025-11-25", method: "other", name: "x"), .legacy(.v2025_11_25)),
        Row(Message(withMeta(#""progressToken":1"#), version: "2025-11-25"), .legacy(.v2025_11_25)),
        Row(Message(withMeta(capabilities), version: "2025-11-25"), .legacy(.v2025_11_25)),
        Row(Message(#"{"jsonrpc":"2.0","id":1,"method":"a","params":{"_meta":5}}"#), .legacy(nil)),
        Row(Message(#"{"jsonrpc":"2.0","id":1,"method":"a","params":[]}"#), .legacy(nil)),
        // The keys of the envelope count in `params._meta` only.
        Row(Message(plain("tools/list", version)), .legacy(nil)),
        Row(Message(plain("tools/call", #""arguments":{"_meta":{\#(version)}}"#)), .legacy(nil)),

        Row(Message(#"{"jsonrpc":"2.0","id":1,"result":{}}"#, session: .v2025_11_25), .legacy(.v2025_11_25)),
        Row(Message(#"{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"no"}}"#), .legacy(nil)),
        Row(Message(#"{"jsonrpc":"2.0","id":1,"result":{}}"#, version: newest), .refused(.invalidRequest, .modern)),
        Row(Message(#"{"jsonrpc":"2.0","id":1,"result":{}}"#, version: "x"), .refused(.unsupportedVersion, .legacy)),

        Row(Message(notification("notifications/initialized"), session: .v2025_11_25), .legacy(.v2025_11_25)),
        Row(Message(notification("notifications/initialized"), version: "2025-06-18"), .legacy(.v2025_06_18)),
        Row(Message(notification("notifications/initialized"), version: "x"), .refused(.unsupportedVersion, .legacy)),
    ]

    @Test(arguments: legacyRows) func `serves legacy messages`(row: Row) throws {
        #expect(try Self.verdict(row.message) == row.verdict)
    }

    // MARK: Batches

    static let batch = "[\(plain("tools/list")),\(notification("notifications/cancelled"))]"

    static let batchRows: [Row] = [
        Row(Message(batch, session: .v2025_03_26), .legacy(.v2025_03_26)),
        Row(Message(batch, version: "2025-03-26", session: .v2025_03_26), .legacy(.v2025_03_26)),
        Row(Message(#"[{"jsonrpc":"2.0","id":1,"result":{}}]"#, session: .v2025_03_26), .legacy(.v2025_03_26)),
        Row(Message(batch), .refused(.invalidRequest, .legacy)),
        Row(Message(batch, version: "2025-03-26"), .refused(.invalidRequest, .legacy)),
        Row(Message(batch, session: .v2024_11_05), .refused(.invalidRequest, .legacy)),
        Row(Message(batch, session: .v2025_06_18), .refused(.invalidRequest, .legacy)),
        Row(Message(batch, session: .v2025_11_25), .refused(.invalidRequest, .legacy)),
        Row(Message(batch, version: "x", session: .v2025_03_26), .refused(.unsupportedVersion, .legacy)),
        Row(Message(batch, version: newest, session: .v2025_03_26), .refused(.invalidRequest, .modern)),
        Row(Message("[\(modern("tools/list"))]", session: .v2025_03_26), .refused(.invalidRequest, .modern)),
        Row(
            Message("[\(plain("ping")),\(plain("initialize"))]", session: .v2025_03_26),
            .refused(.invalidRequest, .legacy)),
    ]

    @Test(arguments: batchRows) func `serves batches only where they were settled on`(row: Row) throws {
        #expect(try Self.verdict(row.message) == row.verdict)
    }

    // MARK: Modern requests

    static let modernRows: [Row] = [
        Row(Message(modern("tools/list"), version: newest, method: "tools/list"), .modern),
        Row(Message(modern("server/discover"), version: newest, method: "server/discover"), .modern),
        Row(Message(modern("frobnicate/all"), version: newest, method: "frobnicate/all"), .modern),
        Row(Message(modern("tools/list"), version: newest, method: "tools/list", session: .v2025_11_25), .modern),
        Row(
            Message(modern(#"tools\/l\u0069st"#), version: newest, method: "tools/list"), .modern),
        Row(
            Message(
                withMeta(#""io.modelcontextprotocol\/protocolVersion":"2026-07-2\u0038",\#(capabilities)"#),
                version: newest,
                method: "tools/list"), .modern),
        Row(
            Message(
                withMeta(#"\#(version),\#(capabilities),"io.modelcontextprotocol/clientInfo":{"name":"a"}"#),
                version: newest, method: "tools/list"), .modern),
        // A name that mirrors nothing is not looked at.
        Row(Message(modern("tools/list"), version: newest, method: "tools/list", name: "x"), .modern),

        // The envelope.
        Row(Message(plain("tools/list"), version: newest, method: "tools/list"), .refused(.invalidParams, .modern)),
        Row(Message(plain("tools/list", ""), version: newest), .refused(.invalidParams, .modern)),
        Row(Message(withMeta(capabilities), version: newest), .refused(.invalidParams, .modern)),
        Row(
            Message(#"{"jsonrpc":"2.0","id":1,"method":"a","params":{"_meta":5}}"#, version: newest),
            .refused(.invalidParams, .modern)),
        Row(
            Message(#"{"jsonrpc":"2.0","id":1,"method":"a","params":[]}"#, version: newest),
            .refused(.invalidParams, .modern)),
        Row(Message(withMeta(version), version: newest, method: "tools/list"), .refused(.invalidParams, .modern)),
        Row(Message(withMeta(version)), .refused(.invalidParams, .modern)),
        Row(
            Message(withMeta(#""io.modelcontextprotocol/protocolVersion":5,\#(capabilities)"#), version: newest),
            .refused(.invalidParams, .modern)),
        Row(
            Message(withMeta(#""io.modelcontextprotocol/protocolVersion":null,\#(capabilities)"#)),
            .refused(.invalidParams, .modern)),
        Row(
            Message(withMeta(#"\#(version),"io.modelcontextprotocol/clientCapabilities":[]"#), version: newest),
            .refused(.invalidParams, .modern)),
        Row(
            Message(withMeta(#"\#(version),"io.modelcontextprotocol/clientCapabilities":null"#), version: newest),
            .refused(.invalidParams, .modern)),
        Row(
            Message(
                withMeta(#"\#(version),\#(capabilities),"io.modelcontextprotocol/clientInfo":"me""#), version: newest,
                method: "tools/list"), .refused(.invalidParams, .modern)),

        // The version header.
        Row(Message(modern("tools/list"), method: "tools/list"), .refused(.headerMismatch, .modern)),
        Row(
            Message(modern("tools/list"), version: "2025-11-25", method: "tools/list"),
            .refused(.headerMismatch, .modern)),
        Row(
            Message(modern("tools/list"), version: "2027-01-01", method: "tools/list"),
            .refused(.headerMismatch, .modern)),
        Row(Message(modern("tools/list"), version: "", method: "tools/list"), .refused(.headerMismatch, .modern)),

        // The method header.
        Row(Message(modern("tools/list"), version: newest), .refused(.headerMismatch, .modern)),
        Row(Message(modern("tools/list"), version: newest, method: "TOOLS/LIST"), .refused(.headerMismatch, .modern)),
        Row(Message(modern("tools/list"), version: newest, method: "tools/call"), .refused(.headerMismatch, .modern)),
        Row(
            Message(modern("tools/list"), version: newest, method: "=?base64?dG9vbHMvbGlzdA==?="),
            .refused(.headerMismatch, .modern)),
        Row(Message(modern("é"), version: newest, method: "é"), .refused(.headerMismatch, .modern)),

        // Repeated lines come before everything else.
        Row(
            Message(modern("tools/list"), version: newest, method: "tools/list", isRepeated: true),
            .refused(.headerMismatch, .modern)),
        Row(Message(plain("tools/list"), version: newest, isRepeated: true), .refused(.headerMismatch, .modern)),
        Row(Message(plain("tools/list"), version: "2025-11-25", isRepeated: true), .refused(.headerMismatch, .legacy)),

        // Revisions.
        Row(
            Message(
                withMeta(#""io.modelcontextprotocol/protocolVersion":"2027-05-01",\#(capabilities)"#),
                version: "2027-05-01", method: "tools/list"), .refused(.unsupportedVersion, .modern)),
        Row(
            Message(
                withMeta(#""io.modelcontextprotocol/protocolVersion":"2025-11-25",\#(capabilities)"#),
                version: "2025-11-25", method: "tools/list"), .refused(.unsupportedVersion, .modern)),
        // A client that contradicts itself is told so before its revision is judged.
        Row(
            Message(
                withMeta(#""io.modelcontextprotocol/protocolVersion":"2027-05-01",\#(capabilities)"#), version: newest,
                method: "tools/list"), .refused(.headerMismatch, .modern)),

        // Methods that the modern era has not.
        Row(Message(modern("initialize"), version: newest, method: "initialize"), .refused(.methodNotFound, .modern)),
        Row(Message(modern("ping"), version: newest, method: "ping"), .refused(.methodNotFound, .modern)),
        Row(
            Message(modern("logging/setLevel"), version: newest, method: "logging/setLevel"),
            .refused(.methodNotFound, .modern)),
        Row(
            Message(modern("resources/subscribe"), version: newest, method: "resources/subscribe"),
            .refused(.methodNotFound, .modern)),
        Row(
            Message(modern("resources/unsubscribe"), version: newest, method: "resources/unsubscribe"),
            .refused(.methodNotFound, .modern)),
        Row(Message(modern("ping"), version: newest), .refused(.headerMismatch, .modern)),
    ]

    @Test(arguments: modernRows) func `serves modern requests that do not contradict themselves`(row: Row) throws {
        #expect(try Self.verdict(row.message) == row.verdict)
    }

    // MARK: Names

    static let mirrored = [
        ("tools/call", "name"), ("prompts/get", "name"), ("resources/read", "uri"), ("tasks/get", "taskId"),
        ("tasks/update", "taskId"), ("tasks/cancel", "taskId"),
    ]

    private func verdict(_ method: String, _ params: String, name: String?) throws -> Verdict {
        try Self.verdict(Message(Self.modern(method, params), version: Self.newest, method: method, name: name))
    }

    @Test(arguments: mirrored) func `compares the mirrored name with the body`(method: String, member: String) throws {
        let mismatch = Verdict.refused(.headerMismatch, .modern)
        #expect(try verdict(method, #""\#(member)":"x://a""#, name: "x://a") == .modern)
        #expect(try verdict(method, #""\#(member)":"\u0078://a""#, name: "x://a") == .modern)
        #expect(try verdict(method, #""\#(member)":"世界""#, name: "=?base64?5LiW55WM?=") == .modern)
        #expect(try verdict(method, #""\#(member)":"""#, name: "") == .modern)
        #expect(try verdict(method, #""\#(member)":"x://a""#, name: nil) == mismatch)
        #expect(try verdict(method, #""\#(member)":"x://a""#, name: "") == mismatch)
        #expect(try verdict(method, #""\#(member)":"x://a""#, name: "x://A") == mismatch)
        #expect(try verdict(method, #""\#(member)":"x://a""#, name: "x://ab") == mismatch)
        #expect(try verdict(method, #""\#(member)":"世界""#, name: "世界") == mismatch)
        #expect(try verdict(method, #""\#(member)":"世界""#, name: "=?base64?5LiW55WM=?=") == mismatch)
        #expect(try verdict(method, #""\#(member)":"a\nb""#, name: "=?base64?YQpi?=") == mismatch)
        #expect(try verdict(method, #""\#(member)":"é""#, name: "=?base64?ZcyB?=") == mismatch)
        #expect(try verdict(method, #""\#(member)":5"#, name: "5") == mismatch)
        #expect(try verdict(method, #""other":"x""#, name: "x") == mismatch)
    }

    @Test(arguments: mirrored) func `leaves a call that lacks its name to the backend`(
        method: String, member: String
    ) throws {
        #expect(try verdict(method, #""other":1"#, name: nil) == .modern)
        #expect(try verdict(method, #""\#(member)":5"#, name: nil) == .modern)
    }

    // MARK: Notifications

    static let notificationRows: [Row] = [
        Row(Message(notification("notifications/cancelled", envelope), version: newest), .modern),
        Row(Message(notification("notifications/cancelled", #""_meta":{\#(version)}"#), version: newest), .modern),
        Row(Message(notification("notifications/cancelled"), version: newest), .modern),
        Row(Message(notification("notifications/x"), version: newest, method: "notifications/x"), .modern),
        Row(
            Message(notification("notifications/x"), version: newest, method: "other"),
            .refused(.headerMismatch, .modern)),
        Row(Message(notification("a", envelope), version: newest, method: "b"), .refused(.headerMismatch, .modern)),
        Row(Message(notification("a", envelope)), .refused(.headerMismatch, .modern)),
        Row(Message(notification("a", envelope), version: "2025-11-25"), .refused(.headerMismatch, .modern)),
        Row(
            Message(notification("a", #""_meta":{"io.modelcontextprotocol/protocolVersion":1}"#), version: newest),
            .refused(.invalidParams, .modern)),
        Row(
            Message(
                notification("a", #""_meta":{"io.modelcontextprotocol/protocolVersion":"2027-05-01"}"#),
                version: "2027-05-01"), .refused(.unsupportedVersion, .modern)),
        Row(Message(notification("a"), version: newest, isRepeated: true), .refused(.headerMismatch, .modern)),
    ]

    @Test(arguments: notificationRows) func `lets the envelope, else the header decide about notifications`(
        row: Row
    ) throws {
        #expect(try Self.verdict(row.message) == row.verdict)
    }

    // MARK: What is said

    private func refusal(_ message: Message) throws -> MCPRefusal {
        guard case .failure(let refusal) = try Self.classify(message) else {
            throw Unexpected.accepted
        }
        return refusal
    }

    private enum Unexpected: Error {
        case accepted
    }

    @Test func `points to the version that was asked for`() throws {
        let body = Self.withMeta(#""io.modelcontextprotocol/protocolVersion":"2027-05-01",\#(Self.capabilities)"#)
        let refusal = try refusal(Message(body, version: "2027-05-01", method: "tools/list"))
        let range = try #require(refusal.requestedVersion)
        #expect(Array(body.utf8)[range.range].elementsEqual("2027-05-01".utf8))
        #expect(refusal.message == nil)
    }

    @Test func `names the keys that a modern envelope lacks`() throws {
        let both = try refusal(Message(Self.plain("tools/list"), version: Self.newest))
        #expect(
            both.message?.description.contains("protocolVersion and io.modelcontextprotocol/clientCapabilities") == true
        )
        let capabilities = try refusal(Message(Self.withMeta(Self.version), version: Self.newest))
        #expect(
            capabilities.message?.description == "params._meta is missing io.modelcontextprotocol/clientCapabilities")
    }

    @Test func `says which header is wrong, in a text that needs no escapes`() throws {
        for row in Self.modernRows + Self.legacyRows + Self.batchRows + Self.notificationRows {
            guard case .failure(let refusal) = try Self.classify(row.message), let message = refusal.message else {
                continue
            }
            #expect(message.description.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C })
        }
        let name = try refusal(
            Message(Self.modern("tools/call", #""name":"a""#), version: Self.newest, method: "tools/call"))
        #expect(name.message?.description == "Header mismatch: Mcp-Name is required")
    }
}
