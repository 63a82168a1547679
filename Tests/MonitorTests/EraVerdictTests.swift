import Testing

@testable import mcp_monitor

struct EraVerdictTests {
    private func word(_ answer: ProbeAnswer) -> String {
        switch EraVerdict(answer) {
        case .modern: "modern"
        case .legacy: "legacy"
        case .noEvidence(let failure): failure.status.rawValue
        }
    }

    @Test(arguments: [
        (#""2026-07-28""#, "modern"),
        (#""2025-11-25","2026-07-28""#, "modern"),
        (#""2025-11-25""#, "legacy"),
        ("", "legacy"),
        (#""2031-01-01""#, "protocol_error"),
        (#""2031-01-01","2025-11-25""#, "legacy"),
        ("7", "legacy"),
    ])
    func `judges by the revisions that a server names`(revisions: String, verdict: String) throws {
        #expect(try word(.discovery(revisions)) == verdict)
        #expect(try word(.error(-32_022, status: 400, data: #"{"supported":[\#(revisions)]}"#)) == verdict)
    }

    @Test func `takes what is not shaped like an answer of the modern era for legacy`() throws {
        #expect(try word(.result("{}")) == "legacy")
        #expect(try word(.result("7")) == "legacy")
        #expect(try word(.error(-32_022, status: 400)) == "legacy")
        #expect(word(.plain(200)) == "legacy")
    }

    @Test(arguments: [-32_601, -32_602, -32_600, -32_000, -32_001, 0] as [Int64])
    func `takes other refusals for legacy`(code: Int64) throws {
        #expect(try word(.error(code)) == "legacy")
        #expect(try word(.error(code, status: 400)) == "legacy")
    }

    @Test(arguments: [-32_020, -32_021] as [Int64])
    func `knows refusals that only modern servers utter`(code: Int64) throws {
        #expect(try word(.error(code, status: 400)) == "protocol_error")
    }

    @Test(arguments: [
        (400, "legacy"), (404, "legacy"), (405, "legacy"), (406, "legacy"), (401, "auth_error"), (403, "auth_error"),
        (429, "http_error"), (500, "http_error"), (503, "http_error"),
    ])
    func `judges by the status where there is nothing else`(status: Int, verdict: String) {
        #expect(word(.plain(status)) == verdict)
    }
}
