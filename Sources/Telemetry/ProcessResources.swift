#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the process uses of what it cannot go beyond, as the operating system says: memory and descriptors.
///
/// Limits are read anew each time, since they are changed under running processes; to which control groups the process belongs
/// is looked up once. A few small files, some ten microseconds. Blocking, although never for long: not for an event loop that
/// serves.
package struct ProcessResources: Sendable {
    /// Some of a limited resource.
    package struct Use: Hashable, Sendable {
        /// How much is used: bytes, or a number.
        package var used: Int
        /// How much there may be, 1….
        package var limit: Int

        /// This much of that.
        package init(used: Int, limit: Int) {
            self.used = used
            self.limit = max(limit, 1)
        }

        /// The used share, 0….
        package var share: Double { Double(used) / Double(limit) }
    }

    /// A folder of a control group, of either version.
    private enum ControlGroup {
        case unified(String), legacy(String)
    }

    private let statm: String
    private let descriptorFolder: String
    private let groups: [ControlGroup]

    /// What `/proc` and the control groups say.
    ///
    /// - Parameters:
    ///   - process: the folder of the process in `/proc`.
    ///   - controlGroups: where the control groups are mounted.
    package init(process: String = "/proc/self", controlGroups: String = "/sys/fs/cgroup") {
        statm = "\(process)/statm"
        descriptorFolder = "\(process)/fd"
        groups = ProcessResources.groups(in: "\(process)/cgroup", controlGroups)
    }

    // MARK: Memory

    /// Bytes of this process that are in memory, shared ones too; `nil` where there is no `/proc`.
    package func residentBytes() -> Int? {
        // proc(5), statm: size and resident, in pages.
        let words = SystemText.lines(of: statm).first?.split(separator: " ") ?? []
        guard words.count > 1, let pages = Int(words[1]) else { return nil }
        let (bytes, isTooMuch) = pages.multipliedReportingOverflow(by: max(Int(sysconf(CInt(_SC_PAGESIZE))), 1))
        return isTooMuch ? nil : bytes
    }

    /// What the control group of the process, or one that it is in, uses of its limit: that which is nearest to it. Files that
    /// the kernel keeps in memory and has not used lately do not count, as it drops them first. `nil` without a limit.
    package func memoryOfControlGroup() -> Use? {
        var nearest: Use?
        for group in groups {
            let use: Use? =
                switch group {
                case .unified(let folder): ProcessResources.unified(folder)
                case .legacy(let folder): ProcessResources.legacy(folder)
                }
            if let use, use.share > nearest?.share ?? -1 { nearest = use }
        }
        return nearest
    }

    /// The groups that a process belongs to, and those that these are in, as far as they are about memory.
    private static func groups(in file: String, _ root: String) -> [ControlGroup] {
        var groups: [ControlGroup] = []
        for line in SystemText.lines(of: file) {
            // cgroups(7): hierarchy, controllers, path.
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            if parts[0] == "0", parts[1].isEmpty {
                groups += folders(of: parts[2], below: root).lazy
                    .filter { SystemText.bytes(of: "\($0)/memory.current") != nil }.map { .unified($0) }
            } else if parts[1].split(separator: ",").contains("memory") {
                // The first group that can be seen knows the limits of those that it is in.
                groups += folders(of: parts[2], below: "\(root)/memory").lazy
                    .filter { SystemText.bytes(of: "\($0)/memory.usage_in_bytes") != nil }.prefix(1).map { .legacy($0) }
            }
        }
        return groups
    }

    /// The folders of a group and of those that it is in, from the inside out. In a container the path that the process sees may
    /// not be that of the mount: then the last one is the group.
    private static func folders(of path: Substring, below root: String) -> [String] {
        var names = path.split(separator: "/").prefix(64)
        var folders: [String] = []
        while !names.isEmpty {
            folders.append(root + "/" + names.joined(separator: "/"))
            names.removeLast()
        }
        return folders + [root]
    }

    /// Version 2 of control groups.
    private static func unified(_ folder: String) -> Use? {
        guard let limit = SystemText.number(in: "\(folder)/memory.max"), limit > 0,
            let current = SystemText.number(in: "\(folder)/memory.current")
        else { return nil }
        // Of no interest where much is free.
        guard current >= limit / 2 else { return Use(used: max(current, 0), limit: limit) }
        let inactive = SystemText.number(named: "inactive_file", in: "\(folder)/memory.stat") ?? 0
        return Use(used: max(current - inactive, 0), limit: limit)
    }

    /// Version 1 of control groups.
    private static func legacy(_ folder: String) -> Use? {
        guard let current = SystemText.number(in: "\(folder)/memory.usage_in_bytes"),
            let limit = SystemText.number(named: "hierarchical_memory_limit", in: "\(folder)/memory.stat"), limit > 0,
            // Its way to say that there is none: the greatest number of whole pages.
            limit < Int.max / 2
        else { return nil }
        let inactive = SystemText.number(named: "total_inactive_file", in: "\(folder)/memory.stat") ?? 0
        return Use(used: max(current - inactive, 0), limit: limit)
    }

    // MARK: Descriptors

    /// What is used of the descriptors that the process may have; `nil` when it cannot be found out.
    package func descriptors() -> Use? {
        guard let count = openDescriptorCount(), let limit = ProcessResources.descriptorLimit() else { return nil }
        return Use(used: count, limit: limit)
    }

    /// How many descriptors the process has open; `nil` where there is no `/proc`. On kernels before 6.2 it takes as long as
    /// there are descriptors, a millisecond for a few thousand.
    package func openDescriptorCount() -> Int? {
        var status = stat()
        // Since Linux 6.2 that is the number of descriptors, without one that has to be opened for counting.
        if stat(descriptorFolder, &status) == 0, status.st_size > 0 { return Int(status.st_size) }
        guard let directory = opendir(descriptorFolder) else { return nil }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) {
            // "." and ".." are no descriptors.
            if entry.pointee.d_name.0 != CChar(bitPattern: UInt8(ascii: ".")) { count += 1 }
        }
        // Without the one that is open for this count.
        return max(count - 1, 0)
    }

    /// How many descriptors the process may have open.
    package static func descriptorLimit() -> Int? {
        var limit = rlimit()
        #if canImport(Glibc)
            let resource = CInt(RLIMIT_NOFILE.rawValue)
        #else
            let resource = CInt(RLIMIT_NOFILE)
        #endif
        guard getrlimit(resource, &limit) == 0 else { return nil }
        return Int(clamping: limit.rlim_cur)
    }
}
