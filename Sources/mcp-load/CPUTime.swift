/// CPU time as the operating system accounts for it.
struct CPUTime: Hashable, Sendable {
    /// Nanoseconds in user space.
    var user: Int64
    /// Nanoseconds in the kernel.
    var system: Int64

    /// Both.
    var total: Int64 { user + system }

    static func + (left: CPUTime, right: CPUTime) -> CPUTime {
        CPUTime(user: left.user + right.user, system: left.system + right.system)
    }

    static func - (left: CPUTime, right: CPUTime) -> CPUTime {
        CPUTime(user: left.user - right.user, system: left.system - right.system)
    }
}
