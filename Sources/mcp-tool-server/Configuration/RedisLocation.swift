/// Where a Redis is, and as whom we speak to it: `redis://[[user]:password@]host[:port][/database]`.
struct RedisLocation: Hashable, Sendable, CustomStringConvertible {
    /// A name or an address, without brackets.
    var host: String
    /// 1…65535.
    var port = 6_379
    /// The user; `nil` for the default one.
    var user: String?
    /// The password; `nil` for none. Never logged.
    var password: String?
    /// The number of the database, 0…1,000,000.
    var database = 0

    /// The location that `text` spells. No message repeats the text: it may hold a password.
    init(_ text: String) throws(SettingError) {
        guard let rest = RedisLocation.removing("redis://", from: text) else {
            throw SettingError("must begin with redis://")
        }
        let (authority, path) = RedisLocation.cut(rest, at: "/")
        if let path, !path.isEmpty {
            guard path.utf8.count <= 7, path.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(path),
                number <= 1_000_000
            else {
                throw SettingError("must end with the number of a database behind the last slash, if with anything")
            }
            database = number
        }
        var address = authority
        if let at = authority.lastIndex(of: "@") {
            let (name, secret) = RedisLocation.cut(authority[..<at], at: ":")
            guard let secret else { throw SettingError("must have a colon between user and password") }
            guard let user = RedisLocation.decoded(name), let password = RedisLocation.decoded(secret) else {
                throw SettingError("has a bad percent escape in user or password")
            }
            self.user = user.isEmpty ? nil : user
            self.password = password.isEmpty ? nil : password
            address = authority[authority.index(after: at)...]
        }
        let hasPort = address.last != "]" && address.contains(":")
        guard case .tcp(let host, let port) = ListenAddress(argument: hasPort ? String(address) : "\(address):6379"),
            port > 0
        else {
            throw SettingError("must have a host, and a port if any, such as redis://127.0.0.1:6379")
        }
        self.host = host
        self.port = port
    }

    /// Without the password.
    var description: String {
        "redis://\(ListenAddress.tcp(host: host, port: port).description)\(database == 0 ? "" : "/\(database)")"
    }

    private static func removing(_ prefix: String, from text: String) -> Substring? {
        text.lowercased().hasPrefix(prefix) ? text.dropFirst(prefix.count) : nil
    }

    private static func cut(_ text: Substring, at separator: Character) -> (Substring, Substring?) {
        guard let index = text.firstIndex(of: separator) else { return (text, nil) }
        return (text[..<index], text[text.index(after: index)...])
    }

    /// The text without percent escapes (RFC 3986 §2.1).
    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard digits.utf8.count == 2, !digits.hasPrefix("+"), !digits.hasPrefix("-"),
                let value = UInt8(digits, radix: 16)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
