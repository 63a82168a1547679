#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A thread of the operating system, for work that blocks.
enum Thread {
    private final class Body: Sendable {
        let name: String
        let run: @Sendable () -> Void

        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    /// Starts a detached thread that takes no signals; returns 0 or the error number.
    ///
    /// Signals of the process go to other threads, and a write to a reader that is gone fails with `EPIPE` instead of
    /// ending the process, whatever the process does about `SIGPIPE`.
    static func start(named name: String, _ run: @escaping @Sendable () -> Void) -> CInt {
        let body = Unmanaged.passRetained(Body(name: name, run: run))
        #if canImport(Darwin)
            var thread: pthread_t?
            let code = pthread_create(&thread, nil, { argument in Thread.main(argument) }, body.toOpaque())
            if let thread { pthread_detach(thread) }
        #else
            var thread = pthread_t()
            let code = pthread_create(&thread, nil, { argument in Thread.main(argument) }, body.toOpaque())
            if code == 0 { pthread_detach(thread) }
        #endif
        if code != 0 { body.release() }
        return code
    }

    private static func main(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_SETMASK, &signals, nil)
        #if canImport(Darwin)
            pthread_setname_np(body.name)
        #else
            // The C library's function for it is not visible from Swift.
            let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
            if file >= 0 {
                _ = write(file, body.name, body.name.utf8.count)
                close(file)
            }
        #endif
        body.run()
        return nil
    }
}
