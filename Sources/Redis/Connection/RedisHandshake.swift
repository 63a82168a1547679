import NIOCore
import Wire

/// What is said on a new connection before commands may be sent.
///
/// ```
/// HELLO 3 ──────────────────────────────────────▶ SELECT ─▶ PING ─▶ ready
///    └── unknown ─▶ AUTH ─▶ CLIENT SETNAME ──────────┘
/// ```
///
/// `AUTH` and `SELECT` are left out where they have nothing to say. The `PING` at the end finds servers that accept
/// connections and serve nobody, such as one that is still reading its data.
struct RedisHandshake {
    /// What is to be done next.
    enum Action {
        case send(RedisCommand)
        case ready(RedisServerFacts)
        case fail(RedisError)
    }

    private enum Step {
        case hello, authenticate, setName, select, ping
    }

    private let credentials: RedisCredentials?
    private let database: Int
    private let clientName: String
    private var step = Step.hello
    private var facts = RedisServerFacts()

    /// A handshake as `credentials` for `database`.
    init(credentials: RedisCredentials?, database: Int, clientName: String) {
        self.credentials = credentials
        self.database = database
        // The server refuses names with anything else.
        let name = clientName.utf8.filter { $0 > 0x20 && $0 < 0x7F }
        self.clientName = name.isEmpty ? "redis-client" : String(decoding: name, as: UTF8.self)
    }

    /// The first command.
    mutating func start() -> RedisCommand {
        var command = RedisCommand("HELLO", isWrite: false)
        command.append("3")
        if let credentials {
            command.append("AUTH")
            command.append(credentials.username ?? "default")
            command.append(credentials.password)
        }
        command.append("SETNAME")
        command.append(clientName)
        return command
    }

    /// Takes the reply to the last command.
    mutating func receive(_ reply: Result<RESPValue, RedisError>) -> Action {
        switch (step, reply) {
        case (.hello, .success(let value)):
            facts.protocolVersion = 3
            facts.isReplica = value["role"]?.string.map { $0.withByteView { !$0.equals("master") } } ?? false
            return selectOrPing()
        case (.hello, .failure(.refused(let text))) where RedisHandshake.meansUnknown(text):
            facts.protocolVersion = 2
            return authenticateOrSetName()
        case (.authenticate, .success):
            return setName()
        case (.setName, .success), (.setName, .failure(.refused)):
            // A server too old for names does without.
            return selectOrPing()
        case (.select, .success):
            return ping()
        case (.ping, .success), (.ping, .failure(.authentication)):
            // A user who may not ask is answered, too.
            return .ready(facts)
        case (.authenticate, .failure(.refused)):
            // Servers that know no HELLO say so in free words.
            return .fail(.authentication)
        case (_, .failure(let error)):
            return .fail(error)
        }
    }

    private static func meansUnknown(_ text: String) -> Bool {
        text.hasPrefix("NOPROTO") || text.lowercased().hasPrefix("err unknown command")
    }

    private mutating func authenticateOrSetName() -> Action {
        guard let credentials else { return setName() }
        step = .authenticate
        var command = RedisCommand("AUTH", isWrite: false)
        if let username = credentials.username { command.append(username) }
        command.append(credentials.password)
        return .send(command)
    }

    private mutating func setName() -> Action {
        step = .setName
        var command = RedisCommand("CLIENT", isWrite: false)
        command.append("SETNAME")
        command.append(clientName)
        return .send(command)
    }

    private mutating func selectOrPing() -> Action {
        guard database != 0 else { return ping() }
        step = .select
        var command = RedisCommand("SELECT", isWrite: false)
        command.append(database)
        return .send(command)
    }

    private mutating func ping() -> Action {
        step = .ping
        return .send(.ping)
    }
}

/// What a server has told of itself.
struct RedisServerFacts: Hashable {
    /// 2 or 3.
    var protocolVersion = 3
    /// Whether it said that it is a replica; a server that speaks RESP2 does not say.
    var isReplica = false
}
