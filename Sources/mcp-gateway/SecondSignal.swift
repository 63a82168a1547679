import UnixSignals

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Ends the process at once when it is asked to end a second time.
enum SecondSignal {
    /// Waits for two signals; the first one is for whoever drains.
    static func endsTheProcess() async {
        var count = 0
        for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
            count += 1
            if count == 2 { _exit(128 + signal.rawValue) }
        }
    }
}
