/// One that calls are shared out to, as the configuration describes it.
public struct BalancedEntry: Hashable, Sendable {
    /// Share of the calls, 1…1000.
    public var weight: Int
    /// Whether it is picked only when no other can be.
    public var isBackup: Bool
    /// Whether it is in another zone than we are: picked only when too few are left in ours.
    public var isRemote: Bool

    /// An entry; a weight out of range is moved to the nearest one in range.
    public init(weight: Int = 1, isBackup: Bool = false, isRemote: Bool = false) {
        self.weight = min(max(weight, 1), 1_000)
        self.isBackup = isBackup
        self.isRemote = isRemote
    }
}
