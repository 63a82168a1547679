#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The CPU time of a process and its descendants, from `/proc` (proc(5)); Linux only.
///
/// The time of descendants that have ended is with the parent that waited for them, so the sum never goes back. It moves
/// in steps of the kernel's clock tick, 10 ms.
enum ProcessTree {
    /// The time that `process`, its descendants and all their threads have used; `nil` when there is no such process.
    static func cpuTime(of process: Int32) -> CPUTime? {
        guard let root = stat(process) else { return nil }
        var children: [Int32: [Stat]] = [:]
        for other in allProcesses() {
            if let stat = stat(other) { children[stat.parent, default: []].append(stat) }
        }
        var sum = CPUTime(user: 0, system: 0)
        var waiting = [root]
        var seen: Set<Int32> = []
        while let next = waiting.popLast() {
            guard seen.insert(next.process).inserted else { continue }
            sum = sum + next.time
            waiting += children[next.process] ?? []
        }
        return sum
    }

    /// What is read of `/proc/PID/stat`.
    struct Stat: Sendable {
        /// The process.
        var process: Int32
        /// Its parent.
        var parent: Int32
        /// Its own time and that of the children it has waited for.
        var time: CPUTime

        /// Reads the line; the name in it may hold spaces and parentheses. `ticks` is clock ticks per second.
        init?(_ line: String, ticks: Int64) {
            guard let nameStart = line.firstIndex(of: "("), let nameEnd = line.lastIndex(of: ")"), nameStart < nameEnd,
                let process = Int32(line[..<nameStart].dropLast()), ticks > 0
            else { return nil }
            // Field 3 of proc(5) is the first one here: state, ppid, …, utime (14), stime (15), cutime (16), cstime (17).
            let fields = line[line.index(after: nameEnd)...].split(separator: " ")
            guard fields.count >= 15, let parent = Int32(fields[1]) else { return nil }
            let times = fields[11...14].compactMap { Int64($0) }
            guard times.count == 4 else { return nil }
            let tick = 1_000_000_000 / ticks
            self.process = process
            self.parent = parent
            time = CPUTime(user: (times[0] &+ times[2]) &* tick, system: (times[1] &+ times[3]) &* tick)
        }
    }

    private static func stat(_ process: Int32) -> Stat? {
        guard let line = contents(of: "/proc/\(process)/stat") else { return nil }
        return Stat(line, ticks: Int64(sysconf(Int32(_SC_CLK_TCK))))
    }

    private static func contents(of path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { _ = close(file) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = bytes.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }

    private static func allProcesses() -> [Int32] {
        guard let directory = opendir("/proc") else { return [] }
        defer { closedir(directory) }
        var processes: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let process = Int32(name) { processes.append(process) }
        }
        return processes
    }
}
