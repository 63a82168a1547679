/// When a second attempt is sent although the first may still be answered (reliability 1.6).
package struct HedgeSettings: Hashable, Sendable {
    /// How long the first attempt is given.
    package var delay: Delay
    /// It is given at least this. 1ms…1m.
    package var minimumDelay: Duration

    package init(delay: Delay = .percentile(95), minimumDelay: Duration = .milliseconds(50)) {
        self.delay = delay
        self.minimumDelay = minimumDelay
    }

    /// How long the first attempt is given.
    package enum Delay: Hashable, Sendable {
        /// This percentile of the pool's own latency, 50…99.
        case percentile(Int)
        /// So long. 1ms…1m.
        case fixed(Duration)
    }
}

extension HedgeSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { Self() },
        [
            ConfigurationKey(
                "delay", \.delay, .hedgeDelay,
                "How long the first attempt is given: a percentile of the pool's own latency, or a length of time."),
            ConfigurationKey(
                "min_delay", \.minimumDelay, .duration(.milliseconds(1) ... .seconds(60)),
                "The first attempt is given at least this."),
        ])
}

extension ConfigurationValue where Value == HedgeSettings.Delay {
    /// `p95`, or a duration.
    static var hedgeDelay: Self {
        let duration = ConfigurationValue<Duration>.duration(.milliseconds(1) ... .seconds(60))
        return ConfigurationValue(
            kind: .either([.text(.percentile), duration.kind]),
            read: { node, _, reader in
                guard case .scalar(let text, _) = node.content, text.utf8.first == UInt8(ascii: "p") else {
                    return duration.read(node, .zero, &reader).map { .fixed($0) }
                }
                guard let quantity = Quantity(String(text.dropFirst())), quantity.unit.isEmpty,
                    (50...99).contains(quantity.number)
                else {
                    reader.mismatch(node, "must be a percentile p50…p99 or a duration")
                    return nil
                }
                return .percentile(quantity.number)
            },
            text: { delay in
                switch delay {
                case .percentile(let number): "p\(number)"
                case .fixed(let duration): duration.configurationText
                }
            })
    }
}
