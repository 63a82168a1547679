import ArgumentParser
import Gateway

/// `mcp-gateway backend`: tells a running gateway how to treat one of its backends.
struct BackendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backend", abstract: "Take a backend of a running gateway out of service, or back.",
        discussion: """
            ORDER is one of:
              drain    no new calls; those in flight end well, and sessions that are open there go on
              resume   new calls again
              open     no calls: the circuit breaker is open and stays so
              close    all calls: the circuit breaker is closed and stays so, whatever fails
              reset    the circuit breaker decides by itself again

            It holds until the next order or the end of the gateway.

            EXAMPLES:
              mcp-gateway backend drain tools 127.0.0.1:9002
              mcp-gateway backend reset tools 127.0.0.1:9002 --admin 127.0.0.1:9090
            """)

    @Argument(help: "What to do.")
    var order: BackendOrder

    @Argument(help: "The name of its pool.")
    var pool: String

    @Argument(help: "The host and port of its URL, or all of it.")
    var backend: String

    @OptionGroup var place: AdminPlace

    func run() async throws {
        print(
            try await place.send(
                "POST", "/backends/\(pool.percentEncoded)/\(backend.percentEncoded)/\(order.rawValue)"),
            terminator: "")
    }
}

extension BackendOrder: ExpressibleByArgument {}

extension String {
    /// The text as one part of a path (RFC 3986 §2.1).
    fileprivate var percentEncoded: String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: ":"):
                bytes.append(byte)
            default:
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
