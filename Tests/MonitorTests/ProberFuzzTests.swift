import Resilience
import Synchronization
import Testing

@testable import mcp_monitor

extension Sockets {
    /// Answers that were right until something happened to them.
    @Suite struct ProberFuzzTests {
        /// An answer with a few bytes changed, doubled, left out or cut off.
        private static func spoil(_ answer: String, _ random: inout SeededRandom) -> String {
            var bytes = Array(answer.utf8)
            for _ in 0...random.next(below: 3) {
                guard !bytes.isEmpty else { break }
                let position = random.next(below: bytes.count)
                switch random.next(below: 5) {
                case 0: bytes[position] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.remove(at: position)
                case 2: bytes.insert(contentsOf: bytes[position...].prefix(40), at: position)
                case 3: bytes.removeSubrange(position...)
                default: bytes[position] ^= 1 << UInt8(random.next(below: 8))
                }
            }
            return String(decoding: bytes, as: UTF8.self)
        }

        private static func answer(_ request: ScriptedServer.Request, _ random: inout SeededRandom) -> String {
            let body = ScriptedServer.Reply.message(request)
            let json =
                "Content-Type: application/json\r\nMcp-Session-Id: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            let events = "Content-Type: text/event-stream\r\nConnection: close\r\n\r\nid: 1\ndata:\n\ndata: \(body)\n\n"
            let elsewhere = "Location: /mcp?\(random.next(below: 9))\r\nContent-Length: 0\r\n\r\n"
            switch random.next(below: 5) {
            case 0, 1: return "HTTP/1.1 200 OK\r\n\(json)"
            case 2, 3: return "HTTP/1.1 200 OK\r\n\(events)"
            default: return "HTTP/1.1 307 X\r\n\(elsewhere)"
            }
        }

        @Test(arguments: [1, 2] as [UInt64]) func `survives whatever is wrong with an answer`(seed: UInt64) async throws
        {
            let random = Mutex(SeededRandom(seed: seed))
            let server = try await ScriptedServer.start { request in
                random.withLock { random in
                    let answer = ProberFuzzTests.answer(request, &random)
                    return .last(random.next(below: 3) == 0 ? answer : ProberFuzzTests.spoil(answer, &random))
                }
            }
            let probing = try Probing(server.url) {
                $0.healthPath = "/health"
                $0.timeout = .milliseconds(500)
            }
            var found: Set<ProbeStatus> = []
            for _ in 0..<80 { found.insert(try await probing.probe().findings.status) }
            #expect(found.contains(.httpError))
            #expect(found.contains(.protocolError))
            #expect(found.contains(.ok))
        }
    }
}

extension SeededRandom {
    /// A number in 0..<`limit`.
    fileprivate mutating func next(below limit: Int) -> Int { Int(nextNanoseconds(below: Int64(limit))) }
}
