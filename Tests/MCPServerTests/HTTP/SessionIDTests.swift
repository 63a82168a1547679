import MCPServer
import NIOCore
import Testing
import Wire

struct SessionIDTests {
    private func id(_ text: String) -> SessionID? {
        ByteBuffer(string: text).withByteView { SessionID($0) }
    }

    @Test func `reads what it writes, and nothing else`() {
        var seen: Set<SessionID> = []
        for _ in 0..<1_000 {
            let made = SessionID.random()
            var buffer = ByteBuffer()
            made.write(into: &buffer)
            let text = String(buffer: buffer)
            #expect(text.utf8.count == 32)
            #expect(id(text) == made)
            #expect(id(String(text.dropLast())) == nil)
            #expect(id(text + "0") == nil)
            seen.insert(made)
        }
        #expect(seen.count == 1_000)
        #expect(id("") == nil)
        #expect(id("ABCDEFABCDEFABCDEFABCDEFABCDEFAB") == nil)
        #expect(id("0123456789abcdef0123456789abcdeg") == nil)
    }
}
