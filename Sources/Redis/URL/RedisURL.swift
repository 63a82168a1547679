/// Where a Redis is and as whom it is used, in one text.
///
/// ```
/// redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]
/// rediss://…                                         the same over TLS
/// unix:[//[USER]:PASSWORD@]PATH[?db=DATABASE]        PATH begins with /
/// ```
///
/// `?db=` names a database in the first two as well. User and password are percent-encoded where they have characters other
/// than letters, digits and `-._~!$&'()*+,;=` (RFC 3986 §3.2.1).
package struct RedisURL: Hashable, Sendable {
    /// Where the server listens.
    package var address: RedisAddress
    /// Whether the connection is to be sealed by TLS.
    package var usesTLS: Bool
    /// As whom; `nil` for whoever needs no password.
    package var credentials: RedisCredentials?
    /// The number of the database. Default 0.
    package var database: Int

    /// The parts of a URL.
    package init(
        _ address: RedisAddress, usesTLS: Bool = false, credentials: RedisCredentials? = nil, database: Int = 0
    ) {
        self.address = address
        self.usesTLS = usesTLS
        self.credentials = credentials
        self.database = database
    }

    /// Reads a URL.
    ///
    /// - Throws: what is wrong with which part.
    package init(_ text: String) throws(RedisURLError) {
        guard text.utf8.count <= 2_048 else { throw RedisURLError(.host, "must leave room: 2,048 bytes are the limit") }
        guard let colon = text.firstIndex(of: ":") else { throw Self.unknownScheme }
        let rest = text[text.index(after: colon)...]
        switch text[..<colon].lowercased() {
        case "redis": try self.init(network: rest, usesTLS: false)
        case "rediss": try self.init(network: rest, usesTLS: true)
        case "unix": try self.init(socket: rest)
        default: throw Self.unknownScheme
        }
    }

    private static let unknownScheme = RedisURLError(
        .scheme, "must be redis://, rediss:// or unix:, as in redis://localhost:6379")

    private init(network text: Substring, usesTLS: Bool) throws(RedisURLError) {
        guard text.hasPrefix("//") else { throw Self.unknownScheme }
        var rest = text.dropFirst(2)
        let query = try Self.cutQuery(&rest)
        let authority = rest.prefix { $0 != "/" }
        let path = rest.dropFirst(authority.count)
        let (credentials, place) = try Self.splitUserinfo(authority)
        let address = try Self.address(place)
        var database = query
        if path.count > 1 {
            guard database == nil else { throw RedisURLError(.database, "must be named once: in the path or as ?db=") }
            database = try Self.database(path.dropFirst())
        }
        self.init(address, usesTLS: usesTLS, credentials: credentials, database: database ?? 0)
    }

    private init(socket text: Substring) throws(RedisURLError) {
        var rest = text
        let database = try Self.cutQuery(&rest)
        var credentials: RedisCredentials?
        if rest.hasPrefix("//") {
            rest = rest.dropFirst(2)
            let authority = rest.prefix { $0 != "/" }
            let place: Substring
            (credentials, place) = try Self.splitUserinfo(authority)
            guard place.isEmpty else { throw RedisURLError(.path, "must begin with /, as in unix:/run/redis.sock") }
            rest = rest.dropFirst(authority.count)
        }
        guard rest.hasPrefix("/"), rest.utf8.count > 1 else {
            throw RedisURLError(.path, "must begin with /, as in unix:/run/redis.sock")
        }
        guard let path = Self.percentDecoded(rest), !path.utf8.contains(0) else {
            throw RedisURLError(.path, "must have two hexadecimal digits behind each %, and no NUL")
        }
        // What the smallest of the systems has room for in an address.
        guard path.utf8.count <= 103 else { throw RedisURLError(.path, "must have at most 103 bytes") }
        self.init(.unix(path: path), credentials: credentials, database: database ?? 0)
    }

    /// Takes the query away; the database that it names.
    private static func cutQuery(_ text: inout Substring) throws(RedisURLError) -> Int? {
        guard !text.contains("#") else {
            throw RedisURLError(.query, "must not be followed by a fragment; # in a password is written %23")
        }
        guard let mark = text.firstIndex(of: "?") else { return nil }
        let query = text[text.index(after: mark)...]
        text = text[..<mark]
        guard query.hasPrefix("db="), !query.contains("&"), !query.contains("@") else {
            throw RedisURLError(.query, "must be db=NUMBER; ? in a password is written %3F")
        }
        return try database(query.dropFirst(3))
    }

    private static func database(_ text: Substring) throws(RedisURLError) -> Int {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ $0 &- 0x30 < 10 }), let number = Int(text)
        else {
            // Behind a forgotten @ the text may be a password.
            throw RedisURLError(.database, "must be a number 0…99999")
        }
        return number
    }

    private static func splitUserinfo(
        _ authority: Substring
    ) throws(RedisURLError) -> (RedisCredentials?, place: Substring) {
        guard let mark = authority.lastIndex(of: "@") else { return (nil, authority) }
        let userinfo = authority[..<mark]
        guard let colon = userinfo.firstIndex(of: ":") else {
            throw RedisURLError(.userinfo, "must be USER:PASSWORD@, or :PASSWORD@ for the default user")
        }
        guard let username = percentDecoded(userinfo[..<colon]),
            let password = percentDecoded(userinfo[userinfo.index(after: colon)...])
        else {
            throw RedisURLError(.userinfo, "must be percent-encoded: two hexadecimal digits behind each %")
        }
        guard !password.isEmpty else { throw RedisURLError(.userinfo, "must have a password behind the colon") }
        let credentials = RedisCredentials(username: username.isEmpty ? nil : username, password: password)
        return (credentials, authority[authority.index(after: mark)...])
    }

    /// Reads `HOST[:PORT]`.
    package static func address(_ place: Substring) throws(RedisURLError) -> RedisAddress {
        var host = place
        var port: Substring?
        if place.hasPrefix("[") {
            guard let bracket = place.firstIndex(of: "]") else {
                throw RedisURLError(.host, "must have a ] behind an IPv6 address")
            }
            host = place[place.index(after: place.startIndex)..<bracket]
            let rest = place[place.index(after: bracket)...]
            guard rest.isEmpty || rest.hasPrefix(":") else {
                throw RedisURLError(.host, "must have nothing but a port behind the ]")
            }
            port = rest.isEmpty ? nil : rest.dropFirst()
            guard host.contains(":"), host.utf8.allSatisfy({ $0.isHostByte || $0 == UInt8(ascii: ":") }) else {
                throw RedisURLError(.host, "must have an IPv6 address between brackets")
            }
        } else {
            if let colon = place.firstIndex(of: ":") {
                host = place[..<colon]
                port = place[place.index(after: colon)...]
            }
            guard (1...253).contains(host.utf8.count), host.utf8.allSatisfy(\.isHostByte) else {
                throw RedisURLError(.host, "must be a name or an IP address, IPv6 in brackets")
            }
        }
        guard let port else { return .tcp(host: host.lowercased(), port: RedisAddress.defaultPort) }
        guard (1...5).contains(port.utf8.count), port.utf8.allSatisfy({ $0 &- 0x30 < 10 }), let number = Int(port),
            (1...65_535).contains(number)
        else { throw RedisURLError(.port, "must be a number 1…65535") }
        return .tcp(host: host.lowercased(), port: number)
    }

    /// The text with its escapes resolved; `nil` if it has one that is none, or is not UTF-8 then.
    private static func percentDecoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst()?.hexValue, let low = rest.popFirst()?.hexValue else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension RedisURL: CustomStringConvertible, CustomDebugStringConvertible {
    /// The URL in its normal form, the password redacted.
    package var description: String {
        let user = credentials.map { "\($0)@" } ?? ""
        switch address {
        case .tcp: return "\(usesTLS ? "rediss" : "redis")://\(user)\(address)/\(database)"
        case .unix(let path): return (user.isEmpty ? "unix:" : "unix://\(user)") + path + "?db=\(database)"
        }
    }

    package var debugDescription: String { description }
}

extension UInt8 {
    /// Letters, digits, `-`, `.`, `_` as container networks have it, and `%` of an IPv6 zone.
    fileprivate var isHostByte: Bool {
        self &- 0x30 < 10 || (self | 0x20) &- 0x61 < 26 || self == 0x2D || self == 0x2E || self == 0x5F || self == 0x25
    }

    fileprivate var hexValue: UInt8? {
        switch self {
        case 0x30...0x39: self &- 0x30
        case 0x41...0x46: self &- 0x41 &+ 10
        case 0x61...0x66: self &- 0x61 &+ 10
        default: nil
        }
    }
}
