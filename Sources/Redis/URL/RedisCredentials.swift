/// A user of a Redis server and the user's password, which is shown to nobody but that server.
package struct RedisCredentials: Hashable, Sendable {
    /// The user; `nil` for the default one, whom servers before version 6 know only.
    package var username: String?
    /// The password.
    package var password: String

    /// A user, or the default one, with a password.
    package init(username: String? = nil, password: String) {
        self.username = username
        self.password = password
    }
}

extension RedisCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The user without the password.
    package var description: String { "\(username ?? "default"):<redacted>" }

    package var debugDescription: String { description }

    /// Nothing: `dump` would show the password.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
