import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// SIGINT and SIGTERM: the first one ends the run early, with its report; a second one ends the process.
enum StopSignal {
    private static let count = Atomic<Int>(0)

    /// Takes over both signals.
    static func install() {
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                // 128 + the signal's number, as shells report it.
                if StopSignal.count.add(1, ordering: .relaxed).oldValue > 0 { _exit(128 + number) }
            }
        }
    }

    /// Whether a signal has come.
    static var hasCome: Bool { count.load(ordering: .relaxed) > 0 }
}
