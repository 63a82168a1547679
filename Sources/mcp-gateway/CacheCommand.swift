import ArgumentParser

/// `mcp-gateway cache`: looks at the cache of a running gateway, and empties it.
struct CacheCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache", abstract: "Show or empty the cache of a running gateway.",
        discussion: """
            The gateway is found by the `admin` address of its configuration file, or at --admin. Emptying concerns all
            gateways that share a Redis.

            EXAMPLES:
              mcp-gateway cache stats --config gateway.conf
              mcp-gateway cache stats --admin 127.0.0.1:9090 --json
              mcp-gateway cache clear --pool tools
            """,
        subcommands: [Stats.self, Clear.self])

    /// `mcp-gateway cache stats`
    struct Stats: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show how the cache is doing.")

        @OptionGroup var place: AdminPlace

        @Flag(help: "Print one JSON object.")
        var json = false

        func run() async throws {
            let body = try await place.send("GET", "/cache")
            print(json ? body : try CacheTable(body).text, terminator: json ? "" : "\n")
        }
    }

    /// `mcp-gateway cache clear`
    struct Clear: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Forget what is kept.")

        @OptionGroup var place: AdminPlace

        @Option(help: "Of this pool only.")
        var pool: String?

        func validate() throws {
            guard let pool, !pool.utf8.allSatisfy({ $0.isNameByte }) else { return }
            throw ValidationError("--pool must be the name of a pool, as in the configuration file")
        }

        func run() async throws {
            _ = try await place.send("POST", pool.map { "/cache/clear?pool=\($0)" } ?? "/cache/clear")
            print("cleared: \(pool ?? "all pools")")
        }
    }
}

extension UInt8 {
    /// What names in a configuration are made of.
    fileprivate var isNameByte: Bool {
        self &- 0x30 < 10 || (self | 0x20) &- 0x61 < 26 || self == 0x2D || self == 0x5F
    }
}
