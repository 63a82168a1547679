/// What a difference means to those who call and to those who operate, as far as it follows from the configurations alone.
struct ConfigurationMeaning: Sendable {
    var added: String?
    var removed: String?
    var changed: String?
    /// A number, a length of time or a size that is greater, or less, than before.
    var greater, less: String?
    /// What certain new values mean.
    var values: [String: String] = [:]

    /// The phrase for a difference; nil when there is nothing to say.
    func phrase(
        for change: ConfigurationDifference.Change, _ old: ExplainedValue?, _ new: ExplainedValue?
    ) -> String? {
        switch change {
        case .added: added
        case .removed: removed
        case .changed:
            switch (old?.content, new?.content) {
            // A secret that moved is the same to everybody.
            case (.secret(let old), .secret(let new)): old.mark != nil && old.mark == new.mark ? nil : changed
            case (.scalar(let old, _), .scalar(let new, _)):
                values[new] ?? Self.comparison(old, new).flatMap { $0 ? greater : less } ?? changed
            default: changed
            }
        }
    }

    /// Whether a quantity has grown; nil when these are not two of a kind.
    private static func comparison(_ old: String, _ new: String) -> Bool? {
        guard let old = amount(old), let new = amount(new), old != new else { return nil }
        return new > old
    }

    /// A quantity in the smallest unit of its kind. Values of one key have units of one kind.
    private static func amount(_ text: String) -> Int? {
        guard let quantity = Quantity(text) else { return nil }
        let factors = [
            "": 1, "ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20,
            "GiB": 1 << 30,
        ]
        guard let factor = factors[String(quantity.unit)] else { return nil }
        let (amount, isTooMuch) = quantity.number.multipliedReportingOverflow(by: factor)
        return isTooMuch ? nil : amount
    }

    /// The keys that a process which runs cannot go by anew, by the key paths of the reference: these and all beneath them.
    /// `GatewayConfiguration.inEffect` leaves the same ones as they are.
    static let keysOfTheStart = [
        "admin", "workers", "limits.max_connections", "redis", "log.level", "log.format", "log.file",
    ]

    /// Of these, what takes effect all the same.
    private static let keysInEffect = ["redis.tls"]

    /// Whether a change at this key path takes effect at the next start only.
    static func waitsForStart(_ pattern: String) -> Bool {
        func isBeneath(_ key: String) -> Bool {
            pattern == key || pattern.hasPrefix(key + ".") || pattern.hasPrefix(key + "[")
        }
        return keysOfTheStart.contains(where: isBeneath) && !keysInEffect.contains(where: isBeneath)
    }

    /// By the key paths of the reference. Keys that are not here mean what the reference says, no more.
    static let table: [String: Self] = {
        let failsSooner = Self(greater: "calls may take longer", less: "calls that take longer fail now")
        let scope = Self(values: [
            "public": "everybody is served what one caller got", "private": "each caller is served answers of its own",
        ])
        return [
            "listen[]": Self(added: "clients can connect there", removed: "clients can no longer connect there"),
            "admin": Self(changed: "whoever asks for metrics, health or readiness must ask there"),
            "sessions.key": Self(
                added: "sessions that are open end; later ones outlive the process and are good at all its replicas",
                removed: "sessions end with the process, and are good at one gateway only",
                changed: "sessions that are open end"),
            "allowed_origins[]": Self(added: "its pages may call", removed: "its pages may not call"),
            "allowed_hosts[]": Self(
                added: "requests for it are taken", removed: "requests for it are refused, unless the list is empty now"
            ),
            "trusted_proxies[]": Self(
                added: "its X-Forwarded-For and X-Forwarded-Proto are believed",
                removed: "its X-Forwarded-For and X-Forwarded-Proto are not believed"),
            "limits.max_body": Self(
                greater: "larger requests are taken", less: "requests that are larger are refused now"),
            "redis": Self(
                added: "limits and answers are shared with the other gateways that use it",
                removed: "limits are counted and answers kept by each gateway for itself"),
            "redis.url": Self(changed: "unless it leads to the same data, what was shared so far is left behind"),
            "redis.key_prefix": Self(changed: "what was shared so far is left behind"),
            "redis.secret": Self(
                added: "unless it is the secret of the sessions, what was shared so far is left behind",
                removed: "unless it was the secret of the sessions, what was shared so far is left behind",
                changed: "what was shared so far is left behind"),
            "pools.NAME": Self(
                added: "its backends get the calls of its routes", removed: "its backends get no more calls"),
            "pools.NAME.backends[]": Self(
                added: "gets calls once it is found well", removed: "gets no more calls; sessions that it holds end"),
            "pools.NAME.backends[].weight": Self(
                greater: "gets a larger share of the calls", less: "gets a smaller share of the calls"),
            "pools.NAME.backends[].backup": Self(values: [
                "true": "gets calls only when no other can", "false": "gets its share of the calls",
            ]),
            "pools.NAME.health_check.path": Self(
                added: "checks are GET requests now", removed: "checks are MCP requests now"),
            "pools.NAME.timeout.first_byte": failsSooner,
            "pools.NAME.timeout.request": failsSooner,
            "pools.NAME.timeout.max_stream": Self(
                greater: "streams may last longer", less: "streams that last longer are cut off now"),
            "pools.NAME.cache.use_hints": Self(values: [
                "true": "answers are kept as their servers say",
                "false": "what servers say of keeping answers is ignored",
            ]),
            "pools.NAME.cache.ttl": Self(
                added: "answers that say nothing of it are kept", removed: "answers that say nothing of it are not kept"
            ),
            "pools.NAME.cache.scope": scope,
            "pools.NAME.tools.NAME.cache": Self(
                added: "answers are kept, which spares a call of the tool", removed: "every call runs the tool"),
            "pools.NAME.tools.NAME.cache.scope": scope,
            "routes[]": Self(added: "calls at this path are served", removed: "calls at this path get 404"),
            "routes[].pool": Self(changed: "calls at this path go to other backends"),
            "rate_limits[]": Self(added: "calls must pass it too", removed: "calls need not pass it any more"),
            "rate_limits[].enforce": Self(values: [
                "true": "calls beyond it are refused", "false": "calls beyond it are only counted",
            ]),
            "log.access": Self(values: ["true": "each call gets a line", "false": "calls get no lines"]),
        ]
    }()
}
