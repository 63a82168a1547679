#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Whole lines for programs that read what this one prints.
enum StandardOutput {
    /// Writes a line at once: whoever waits for it may be on a pipe.
    static func line(_ text: String) {
        Descriptor.write(text + "\n", to: STDOUT_FILENO)
    }
}

/// Whole lines for people.
enum StandardError {
    /// Writes a line at once.
    static func line(_ text: String) {
        Descriptor.write(text + "\n", to: STDERR_FILENO)
    }
}

private enum Descriptor {
    static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { unistdWrite(descriptor, $0.baseAddress, $0.count) }
            // Nobody reads any more: there is nothing better to do with the line.
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    private static func unistdWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, bytes, count)
        #elseif canImport(Musl)
            Musl.write(descriptor, bytes, count)
        #else
            Darwin.write(descriptor, bytes, count)
        #endif
    }
}
