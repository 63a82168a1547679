#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A point in time as calendars count it: for what people read, never for measuring.
package struct WallTime: Hashable, Sendable {
    /// Whole seconds since 1970-01-01 00:00 UTC.
    package var seconds: Int64
    /// Nanoseconds of the second, 0..<1,000,000,000.
    package var nanoseconds: Int32

    /// A point in time.
    package init(seconds: Int64, nanoseconds: Int32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// The time that the system's clock shows.
    package static func now() -> WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(seconds: Int64(time.tv_sec), nanoseconds: Int32(truncatingIfNeeded: time.tv_nsec))
    }
}
