import Testing

@testable import Wire

struct MCPProtocolVersionTests {
    private func version(_ text: String) -> MCPProtocolVersion? {
        Array(text.utf8).withUnsafeBytes { MCPProtocolVersion(ByteView($0)) }
    }

    @Test func `recognizes each revision by its text`() {
        for version in MCPProtocolVersion.allCases { #expect(self.version("\(version.text)") == version) }
    }

    @Test(arguments: [
        "", "2026-07-2", "2026-07-280", " 2026-07-28", "2026-07-29", "2024-10-07", "2025-11-25\0", "draft",
    ])
    func `knows no other text`(text: String) {
        #expect(version(text) == nil)
    }

    @Test func `orders the revisions as they appeared, and starts the modern era with 2026-07-28`() {
        #expect(MCPProtocolVersion.allCases == MCPProtocolVersion.allCases.sorted())
        for version in MCPProtocolVersion.allCases { #expect((version.era == .modern) == (version >= .v2026_07_28)) }
        #expect(MCPProtocolVersion.newestLegacy.era == .legacy)
        #expect(MCPProtocolVersion.newestModern.era == .modern)
    }

    @Test func `keeps the raw values that sealed session ids carry`() {
        #expect(MCPProtocolVersion.allCases.map(\.rawValue) == [1, 2, 3, 4, 5])
        #expect(MCPProtocolVersion(rawValue: 255) == nil)
    }
}
