/// How far backends are taken out because they do worse than the others of their pool (reliability 1.3).
package struct OutlierDetectionSettings: Hashable, Sendable {
    /// Share of a pool that may be out for that reason, 0…1; one backend at least, if there are two.
    package var maximumEjectionShare: Double

    package init(maximumEjectionShare: Double = 0.5) {
        self.maximumEjectionShare = maximumEjectionShare
    }
}

extension OutlierDetectionSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { Self() },
        [
            ConfigurationKey(
                "max_ejection_percent", \.maximumEjectionShare, .share(0...100),
                "At most this share of a pool is out for doing worse than the others.")
        ])
}
