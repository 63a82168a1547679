import Gateway
import Testing

/// No file traps the loader, keeps it busy, or is refused without a reason.
@Suite struct ConfigurationRobustnessTests {
    private static let files = [
        "gateway.conf", "Tests/GatewayTests/Fixtures/configurations/good/short.conf",
        "Tests/GatewayTests/Fixtures/configurations/good/long.conf",
    ]

    /// Loads, and checks that there is either a configuration or a reason with a place in the file.
    private func check(_ bytes: [UInt8]) {
        do {
            let loaded = try ConfigurationLoader(environment: ConfigurationSupport.environment).load(contents: bytes)
            #expect(!loaded.configuration.pools.isEmpty && !loaded.configuration.routes.isEmpty)
            #expect(loaded.configuration.pools.allSatisfy { !$0.backends.isEmpty })
        } catch {
            let lineCount = bytes.count { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") } + 1
            #expect((1...ConfigurationRejection.maximumProblemCount).contains(error.problems.count))
            for problem in error.problems {
                #expect((1...max(1, lineCount + 1)).contains(problem.position.line))
                #expect(problem.position.column >= 1)
                #expect(!problem.message.isEmpty)
                #expect(!problem.text(file: "f").contains("\n"))
            }
            #expect(error.problems.map(\.position) == error.problems.map(\.position).sorted())
        }
    }

    @Test(arguments: files) func `every beginning of a good file loads or says why not`(path: String) throws {
        let bytes = try ConfigurationSupport.file(path)
        for count in 0...bytes.count { check(Array(bytes[..<count])) }
    }

    @Test(arguments: files, [1, 2] as [UInt64])
    func `random changes to a good file load or say why not`(path: String, seed: UInt64) throws {
        let original = try ConfigurationSupport.file(path)
        var random = SplitMix(seed: seed)
        let interesting = Array("&*!|>%@`{}[],:?-#'\"\\\t\n\r ~<\u{0}\u{85}\u{FEFF}".utf8) + [0x80, 0xC0, 0xFF]
        for _ in 0..<200 {
            var bytes = original
            for _ in 0...random.next(below: 3) {
                let place = random.next(below: bytes.count)
                let byte =
                    random.next(below: 2) == 0
                    ? interesting[random.next(below: interesting.count)] : UInt8(random.next(below: 256))
                switch random.next(below: 5) {
                case 0: bytes[place] = byte
                case 1: bytes.insert(byte, at: place)
                case 2: bytes.remove(at: place)
                case 3: bytes.removeSubrange(place..<min(bytes.count, place + random.next(below: 40)))
                default:
                    let from = random.next(below: bytes.count)
                    bytes.insert(contentsOf: bytes[from..<min(bytes.count, from + random.next(below: 60))], at: place)
                }
                if bytes.isEmpty { break }
            }
            check(bytes)
        }
    }

    @Test(arguments: [4, 5] as [UInt64]) func `random bytes and random YAML say what is wrong`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let words = [
            "pools", "tools", "backends", "listen", ": ", "- ", "? ", "[", "]", "{", "}", ",", "\n", "\n  ", "\n    ",
            "'",
            "\"", "|\n", ">\n", "#", "http://a/mcp", "1s", "~", "true", "!!str ", "---\n", "...\n", "\\", "%",
        ]
        for _ in 0..<400 {
            check((0..<random.next(below: 300)).map { _ in UInt8(random.next(below: 256)) })
            let text = (0..<random.next(below: 60)).map { _ in words[random.next(below: words.count)] }.joined()
            check(Array(text.utf8))
        }
    }

    @Test func `a file of 64 MiB is refused by its size`() {
        let bytes = [UInt8](repeating: UInt8(ascii: "#"), count: 64 << 20)
        #expect(
            ConfigurationSupport.complaints(bytes)
                == ["gateway.conf:1:1: is larger than 1MiB, too large for a configuration"])
    }

    @Test func `a hundred thousand pools are refused in good time`() {
        func pools(_ count: Int) -> String {
            "pools:\n" + (0..<count).map { "  pool\($0): {}\n" }.joined()
        }
        #expect(
            ConfigurationSupport.complaints(pools(100_000))
                == ["gateway.conf:1:1: is larger than 1MiB, too large for a configuration"])
        let clock = ContinuousClock()
        let time = clock.measure {
            #expect(
                ConfigurationSupport.complaints(pools(20_000))
                    == ["gateway.conf:2:3: pools: must be at most 1000, are 20000"])
        }
        #expect(time < .seconds(30))
    }

    @Test(arguments: [
        String(repeating: "[", count: 200_000), String(repeating: "{", count: 200_000),
        String(repeating: "- ", count: 200_000), String(repeating: "? ", count: 200_000),
        String(repeating: "[a: ", count: 900) + String(repeating: "]", count: 900),
        String(repeating: "{a: ", count: 100_000), String(repeating: "[?", count: 200_000),
        "pools: " + String(repeating: "[", count: 900) + String(repeating: "]", count: 900),
        "? " + String(repeating: "[", count: 900) + String(repeating: "]", count: 900) + "\n: 1",
        String(repeating: "a: 1\n", count: 120_000), String(repeating: "%TAG !a! b\n", count: 90_000),
        "a: " + String(repeating: "x", count: 500_000), String(repeating: "x", count: 500_000) + ": 1",
        "a: [" + String(repeating: "x,", count: 200_000) + "]", String(repeating: "\n", count: 500_000),
        String(repeating: "x\n", count: 200_000), "a: \"" + String(repeating: "\\x41", count: 200_000) + "\"",
        String(repeating: "*a ", count: 150_000), String(repeating: "&a ", count: 150_000),
        String(repeating: "!a ", count: 150_000), String(repeating: "- &a\n- *a\n", count: 100_000),
    ])
    func `text that is made to be expensive is not`(text: String) {
        let clock = ContinuousClock()
        let time = clock.measure { check(Array(text.utf8)) }
        #expect(time < .seconds(30))
    }

    @Test func `a directory, a missing file and a device are refused`() {
        let loader = ConfigurationLoader(environment: ConfigurationSupport.environment)
        func complaint(_ path: String) -> String? {
            do {
                _ = try loader.load(path: path)
                return nil
            } catch {
                return error.lines(file: "f").first
            }
        }
        #expect(complaint("/") == "f:1:1: is a directory")
        #expect(complaint("/no/such/file") == "f:1:1: does not exist")
        #expect(complaint("/dev/zero") == "f:1:1: is larger than 1MiB, too large for a configuration")
        #expect(complaint("/dev/null") == "f:1:1: pools: is missing: the file is empty")
        #expect(complaint("a\u{0}b") == "f:1:1: does not exist")
    }

    @Test func `loads a file by its path`() throws {
        let loaded = try ConfigurationLoader(environment: ConfigurationSupport.environment)
            .load(path: ConfigurationSupport.root + "/gateway.conf")
        #expect(loaded.configuration.pools.map(\.name) == ["tools"])
    }
}
