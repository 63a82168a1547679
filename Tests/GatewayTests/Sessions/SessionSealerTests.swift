import Testing
import Wire

@testable import Gateway

@Suite struct `a session sealer` {
    private let content = SessionSealer.Content(
        backendKey: 0x0123_4567_89AB_CDEF, principal: [UInt8](repeating: 7, count: 16), version: .v2025_11_25,
        expiry: 1_900_000_000, upstreamID: Array("abc-123".utf8))

    private func open(_ id: [UInt8], _ sealer: SessionSealer) -> SessionSealer.Content? {
        id.withUnsafeBytes { sealer.open(ByteView($0)) }
    }

    @Test func `opens what it has sealed`() throws {
        let sealer = SessionSealer()
        let id = try #require(sealer.seal(content))
        #expect(open(id, sealer) == content)
    }

    @Test func `opens what another gateway with the same secret has sealed`() throws {
        let secret = [UInt8](1...32)
        let id = try #require(SessionSealer(secret: secret).seal(content))
        #expect(open(id, SessionSealer(secret: secret)) == content)
        #expect(open(id, SessionSealer(secret: [UInt8](2...33))) == nil)
    }

    @Test func `gives ids of visible ASCII that say nothing of the backend's`() throws {
        let id = try #require(SessionSealer().seal(content))
        #expect(id.allSatisfy { (0x21...0x7E).contains($0) })
        #expect(!String(decoding: id, as: UTF8.self).contains("abc-123"))
    }

    @Test func `seals the same content differently each time`() {
        let sealer = SessionSealer()
        #expect(sealer.seal(content) != sealer.seal(content))
    }

    @Test func `does not open an id with any one bit changed, or cut anywhere`() throws {
        let sealer = SessionSealer()
        let id = try #require(sealer.seal(content))
        for index in id.indices {
            for bit in 0..<8 {
                var changed = id
                changed[index] ^= 1 << UInt8(bit)
                #expect(open(changed, sealer) == nil)
            }
            #expect(open(Array(id[..<index]), sealer) == nil)
        }
        #expect(open(id + [UInt8(ascii: "A")], sealer) == nil)
    }

    @Test(arguments: [
        [], Array("two words".utf8), Array("tab\t".utf8), [0xC3, 0xA9], [UInt8](repeating: 65, count: 1_025),
    ])
    func `does not seal an id that is no header value`(upstreamID: [UInt8]) {
        var content = content
        content.upstreamID = upstreamID
        #expect(SessionSealer().seal(content) == nil)
    }

    @Test func `tells principals apart by their credential, and nobody from everybody`() {
        func principal(_ text: String) -> [UInt8] {
            Array(text.utf8).withUnsafeBytes { SessionSealer.principal(ByteView($0)) }
        }
        #expect(principal("Bearer a") == principal("Bearer a"))
        #expect(principal("Bearer a") != principal("Bearer b"))
        #expect(principal("") != SessionSealer.principal(nil))
        #expect(SessionSealer.principal(nil) == [UInt8](repeating: 0, count: 16))
    }
}
