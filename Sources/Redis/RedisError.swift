package import NIOCore
import Wire

/// Why a command has brought no result.
///
/// After `timeout`, `connectionLost` and `protocolViolation` nobody knows whether the server has carried the command out;
/// after everything else it has not.
package enum RedisError: Error, Hashable, Sendable {
    /// Nothing was sent: there is no connection, or Redis is being left alone for a moment after failures.
    case unavailable
    /// Nothing was sent: too many commands wait for their replies.
    case overloaded
    /// The connection ended before the reply came.
    case connectionLost
    /// The reply did not come in time. The connection is closed: a late reply would be taken for another one's.
    case timeout
    /// The server answers, but serves nobody: it reads its data (`LOADING`) or runs a script that does not end (`BUSY`).
    case notServing
    /// The server is, or has become, a replica that takes no writes (`READONLY`) or serves nothing (`MASTERDOWN`).
    case readOnly
    /// The server has no memory left for writes (`OOM`).
    case outOfMemory
    /// The server takes no writes because it cannot save them (`MISCONF`, `NOREPLICAS`).
    case misconfigured
    /// The server does not know the script (`NOSCRIPT`).
    case noScript
    /// Another server of the cluster has the slot (`MOVED`).
    case moved(RedisRedirection)
    /// Another server of the cluster has the slot for this one time (`ASK`).
    case ask(RedisRedirection)
    /// The slot is on its way from one server of the cluster to another (`TRYAGAIN`).
    case tryAgain
    /// The cluster does not serve the slot (`CLUSTERDOWN`).
    case clusterDown
    /// The server wants a password, refuses the one it got, or refuses the command to this user (`NOAUTH`, `WRONGPASS`,
    /// `NOPERM`).
    case authentication
    /// The key holds something else than the command is for, or the reply is of another type than it must be (`WRONGTYPE`).
    case wrongType
    /// The bytes of the server are not RESP, or answer nobody. The connection is closed.
    case protocolViolation
    /// Any other error, in the server's words.
    case refused(String)
}

/// Where a slot of a cluster is.
package struct RedisRedirection: Hashable, Sendable {
    /// 0…16383.
    package var slot: Int
    /// A host name or an IP address without brackets; empty: the host that answered.
    package var host: String
    /// 1…65535.
    package var port: Int

    package init(slot: Int, host: String, port: Int) {
        self.slot = slot
        self.host = host
        self.port = port
    }
}

extension RedisError {
    /// The kinds of errors, as metrics name them.
    package enum Kind: String, CaseIterable, Sendable {
        case unavailable, overloaded
        case connectionLost = "connection_lost"
        case timeout
        case notServing = "not_serving"
        case readOnly = "read_only"
        case outOfMemory = "out_of_memory"
        case misconfigured
        case noScript = "no_script"
        case moved, ask
        case tryAgain = "try_again"
        case clusterDown = "cluster_down"
        case authentication
        case wrongType = "wrong_type"
        case protocolViolation = "protocol_violation"
        case refused
    }

    /// The kind, without what is special about this one.
    package var kind: Kind {
        switch self {
        case .unavailable: .unavailable
        case .overloaded: .overloaded
        case .connectionLost: .connectionLost
        case .timeout: .timeout
        case .notServing: .notServing
        case .readOnly: .readOnly
        case .outOfMemory: .outOfMemory
        case .misconfigured: .misconfigured
        case .noScript: .noScript
        case .moved: .moved
        case .ask: .ask
        case .tryAgain: .tryAgain
        case .clusterDown: .clusterDown
        case .authentication: .authentication
        case .wrongType: .wrongType
        case .protocolViolation: .protocolViolation
        case .refused: .refused
        }
    }

    /// The error that a server's words mean; the first of them says it.
    package init(_ text: ByteBuffer) {
        // Words for people; a server may send millions of them.
        self = text.withByteView { RedisError($0.slice(from: 0, to: 512)) }
    }

    private init(_ text: ByteView) {
        var end = 0
        while end < text.count, text[end] != UInt8(ascii: " ") { end &+= 1 }
        let word = text.slice(from: 0, to: end)
        let rest = text.slice(from: end &+ 1, to: text.count)
        switch word[0] {
        case UInt8(ascii: "L") where word.equals("LOADING"): self = .notServing
        case UInt8(ascii: "B") where word.equals("BUSY"): self = .notServing
        case UInt8(ascii: "R") where word.equals("READONLY"): self = .readOnly
        case UInt8(ascii: "M") where word.equals("MASTERDOWN"): self = .readOnly
        case UInt8(ascii: "M") where word.equals("MISCONF"): self = .misconfigured
        case UInt8(ascii: "M") where word.equals("MOVED"):
            self = RedisRedirection(rest).map { .moved($0) } ?? .protocolViolation
        case UInt8(ascii: "A") where word.equals("ASK"):
            self = RedisRedirection(rest).map { .ask($0) } ?? .protocolViolation
        case UInt8(ascii: "O") where word.equals("OOM"): self = .outOfMemory
        case UInt8(ascii: "N") where word.equals("NOREPLICAS"): self = .misconfigured
        case UInt8(ascii: "N") where word.equals("NOSCRIPT"): self = .noScript
        case UInt8(ascii: "N") where word.equals("NOAUTH") || word.equals("NOPERM"): self = .authentication
        case UInt8(ascii: "W") where word.equals("WRONGPASS"): self = .authentication
        case UInt8(ascii: "W") where word.equals("WRONGTYPE"): self = .wrongType
        case UInt8(ascii: "T") where word.equals("TRYAGAIN"): self = .tryAgain
        case UInt8(ascii: "C") where word.equals("CLUSTERDOWN"): self = .clusterDown
        default: self = .refused(text.string)
        }
    }
}

extension RedisRedirection {
    /// Reads `SLOT HOST:PORT`; the host may be an IPv6 address without brackets.
    fileprivate init?(_ text: ByteView) {
        let words = text.string.split(separator: " ")
        guard words.count == 2, let slot = Int(words[0]), (0..<16_384).contains(slot),
            let colon = words[1].lastIndex(of: ":"),
            let port = Int(words[1][words[1].index(after: colon)...]), (1...65_535).contains(port)
        else { return nil }
        self.init(slot: slot, host: String(words[1][..<colon]), port: port)
    }
}
