import ArgumentParser
import Gateway
import NIOCore
import Transport

/// The admin listener of a running gateway, as another process on its machine reaches it.
struct AdminListener: CustomStringConvertible {
    private let address: BackendAddress

    /// The one that a configuration file names.
    ///
    /// - Throws: an exit code after complaints about the file; `ValidationError` when the system chooses the port.
    init(of file: ConfigurationFile) throws {
        let admin = try file.load(showsWarnings: false).configuration.admin
        guard admin.port != 0 else {
            throw ValidationError("the file lets the system choose the admin port: say it with --admin HOST:PORT")
        }
        address = BackendAddress(ofListenerOn: admin.host, port: admin.port)
    }

    /// The one at `HOST:PORT`, an IPv6 address in brackets.
    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"), let port = Int(argument[argument.index(after: colon)...]),
            (1...65_535).contains(port)
        else { return nil }
        let host = argument[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        address = BackendAddress(host: String(isBracketed ? host.dropFirst().dropLast() : host), port: port)
    }

    /// `HOST:PORT`.
    var description: String { "\(address.host):\(address.port)" }

    /// What it answers; `nil` when nobody does in time.
    func send(_ method: String, _ target: String, timeout: TimeAmount) async -> SingleRequest.Answer? {
        let loops = EventLoops(servingCount: 1)
        let answer = await SingleRequest.send(
            method, target, to: address, timeout: timeout, network: NIONetwork(), executor: loops.side)
        await loops.shutdown()
        return answer
    }
}
