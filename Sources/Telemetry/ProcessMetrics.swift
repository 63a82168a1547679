#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the operating system says of this process, under the names that Prometheus clients use everywhere.
///
/// Read from `/proc` at each call, in well under a millisecond; where there is no `/proc`, only the CPU time is known.
package struct ProcessMetrics: Sendable {
    /// Seconds since 1970 when the process started; `nil` when unknown.
    private let startTime: Double?
    private let resources = ProcessResources()

    /// Reads once what does not change.
    package init() {
        startTime = ProcessMetrics.readStartTime()
    }

    /// Adds the metrics; leaves out what cannot be had.
    package func collect(into text: inout PrometheusText) {
        var usage = rusage()
        #if canImport(Glibc)
            let who = CInt(RUSAGE_SELF.rawValue)
        #else
            let who = CInt(RUSAGE_SELF)
        #endif
        if getrusage(who, &usage) == 0 {
            text.counter(
                "process_cpu_seconds_total", help: "User and system CPU time spent, in seconds.",
                ProcessMetrics.seconds(usage.ru_utime) + ProcessMetrics.seconds(usage.ru_stime))
        }
        let fields = ProcessMetrics.statFields()
        // Fields 23 and 24 of proc(5) stat; the first that is left after the name is the third.
        if let bytes = fields.flatMap({ $0.count > 21 ? $0[20] : nil }) {
            text.gauge("process_virtual_memory_bytes", help: "Virtual memory size in bytes.", bytes)
        }
        if let pages = fields.flatMap({ $0.count > 21 ? $0[21] : nil }) {
            text.gauge(
                "process_resident_memory_bytes", help: "Resident memory size in bytes.",
                pages.multipliedReportingOverflow(by: max(Int(sysconf(CInt(_SC_PAGESIZE))), 1)).partialValue)
        }
        if let count = resources.openDescriptorCount() {
            text.gauge("process_open_fds", help: "Number of open file descriptors.", count)
        }
        if let limit = ProcessResources.descriptorLimit() {
            text.gauge("process_max_fds", help: "Maximum number of open file descriptors.", limit)
        }
        if let startTime {
            text.gauge(
                "process_start_time_seconds", help: "Start time of the process since unix epoch in seconds.", startTime)
        }
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }

    /// The numbers of `/proc/self/stat` from the third field on; the name before may hold anything, parentheses too.
    private static func statFields() -> [Int?]? {
        guard let stat = SystemText.bytes(of: "/proc/self/stat"), let end = stat.lastIndex(of: UInt8(ascii: ")")) else {
            return nil
        }
        return stat[(end + 1)...].split(separator: UInt8(ascii: " ")).map { Int(String(decoding: $0, as: UTF8.self)) }
    }

    private static func readStartTime() -> Double? {
        guard let fields = statFields(), fields.count > 19, let ticks = fields[19],
            let stat = SystemText.bytes(of: "/proc/stat")
        else {
            return nil
        }
        let key = Array("btime ".utf8)
        guard let line = stat.split(separator: UInt8(ascii: "\n")).first(where: { $0.starts(with: key) }),
            let boot = Int(String(decoding: line.dropFirst(key.count), as: UTF8.self))
        else { return nil }
        return Double(boot) + Double(ticks) / Double(max(sysconf(CInt(_SC_CLK_TCK)), 1))
    }
}
