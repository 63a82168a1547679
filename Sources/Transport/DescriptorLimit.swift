#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// How many descriptors the process may have open.
package enum DescriptorLimit {
    /// Raises the soft limit to the hard one, as proxies do, and returns what holds afterwards.
    package static func raise() -> Int {
        var limit = rlimit()
        #if canImport(Glibc)
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0 else { return 1_024 }
        if limit.rlim_cur < limit.rlim_max {
            var raised = limit
            // Some systems have no real maximum; more than a million descriptors is of no use here.
            raised.rlim_cur = min(limit.rlim_max, 1_048_576)
            if raised.rlim_cur > limit.rlim_cur, setrlimit(resource, &raised) == 0 { limit = raised }
        }
        return Int(clamping: min(limit.rlim_cur, 1_048_576))
    }

    /// How many client connections that leaves room for: each may need one to a backend, and some are kept for the rest
    /// (reliability: "Memory and flow").
    package static func connections(descriptors: Int) -> Int {
        max((descriptors - 64) / 2, 16)
    }
}
