import NIOCore
import Testing
import Wire

@testable import Redis

struct RedisHandshakeTests {
    /// Goes through a handshake with these replies; what was said, and how it ended.
    private func shakeHands(
        _ replies: [Result<RESPValue, RedisError>], as credentials: RedisCredentials? = nil, database: Int = 0,
        name: String = "me"
    ) -> (said: [String], end: String) {
        var handshake = RedisHandshake(credentials: credentials, database: database, clientName: name)
        var command = handshake.start()
        var said: [String] = []
        for reply in replies {
            said.append(command.words.words.map { String(buffer: $0) }.joined(separator: " "))
            switch handshake.receive(reply) {
            case .send(let next): command = next
            case .ready(let facts): return (said, "ready \(facts.protocolVersion)\(facts.isReplica ? " replica" : "")")
            case .fail(let error): return (said, "\(error)")
            }
        }
        return (said, "waits for \(command.words.words.map { String(buffer: $0) }.joined(separator: " "))")
    }

    private let ok = Result<RESPValue, RedisError>.success(.simpleString(ByteBuffer(string: "OK")))
    private let unknown = Result<RESPValue, RedisError>.failure(.refused("ERR unknown command `HELLO`"))

    private func hello(_ role: String) -> Result<RESPValue, RedisError> {
        .success(.map([.bulkString(ByteBuffer(string: "role")), .bulkString(ByteBuffer(string: role))]))
    }

    @Test func `says hello and asks whether it is served`() {
        let outcome = shakeHands([hello("master"), ok])
        #expect(outcome.said == ["HELLO 3 SETNAME me", "PING"])
        #expect(outcome.end == "ready 3")
        #expect(shakeHands([hello("replica"), ok]).end == "ready 3 replica")
        #expect(shakeHands([ok, ok]).end == "ready 3")
    }

    @Test func `gives its name, its password and its database`() {
        let credentials = RedisCredentials(username: "u", password: "p w")
        let outcome = shakeHands([hello("master"), ok, ok], as: credentials, database: 7, name: "a b\r\nc")
        #expect(outcome.said == ["HELLO 3 AUTH u p w SETNAME abc", "SELECT 7", "PING"])
        #expect(outcome.end == "ready 3")
        let first = shakeHands([hello("master")], as: RedisCredentials(password: "p"), name: " ")
        #expect(first.said == ["HELLO 3 AUTH default p SETNAME redis-client"])
    }

    @Test func `falls back to RESP2 where HELLO is unknown`() {
        #expect(shakeHands([unknown, ok, ok]).said == ["HELLO 3 SETNAME me", "CLIENT SETNAME me", "PING"])
        #expect(shakeHands([unknown, ok, ok]).end == "ready 2")
        #expect(shakeHands([.failure(.refused("NOPROTO sorry")), ok, ok]).end == "ready 2")
        let old = shakeHands(
            [unknown, ok, .failure(.refused("ERR what")), ok, ok], as: RedisCredentials(password: "p"), database: 1)
        #expect(old.said == ["HELLO 3 AUTH default p SETNAME me", "AUTH p", "CLIENT SETNAME me", "SELECT 1", "PING"])
        #expect(old.end == "ready 2")
        let named = shakeHands([unknown, ok], as: RedisCredentials(username: "u", password: "p"))
        #expect(named.said.last == "AUTH u p")
    }

    @Test func `fails with what the server says`() {
        #expect(shakeHands([.failure(.authentication)]).end == "authentication")
        #expect(shakeHands([hello("master"), .failure(.notServing)]).end == "notServing")
        #expect(
            shakeHands([hello("master"), .failure(.refused("ERR DB index"))], database: 99).end.contains("DB index"))
        #expect(shakeHands([unknown, .failure(.authentication)]).end == "authentication")
        #expect(
            shakeHands([unknown, .failure(.refused("ERR Client sent AUTH"))], as: RedisCredentials(password: "p")).end
                == "authentication")
        #expect(shakeHands([.failure(.refused("ERR max number of clients reached"))]).end.contains("max number"))
    }
}
