/// An enumeration whose cases are words of the configuration.
protocol ConfigurationChoice: CaseIterable, RawRepresentable<String>, Sendable {}
