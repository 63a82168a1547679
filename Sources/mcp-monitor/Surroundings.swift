import Wire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the process has of its surroundings: standard output, standard error, files.
enum Surroundings {
    private static let maximumFile = 1 << 20

    /// Writes to standard output at once: whoever waits for it may be on a pipe.
    static func say(_ text: String) {
        write(text, to: 1)
    }

    /// Says on standard output that the pages are served, as one line of JSON.
    static func announce(address: String) {
        let line: JSONValue = ["message": "listening", "listener": "admin", "address": .string(address)]
        write("\(line)\n", to: 1)
    }

    /// Says on standard error why the process ends.
    static func complain(_ reason: String) {
        write("mcp-monitor: \(reason)\n", to: 2)
    }

    /// The same for complaints that begin with the name of a file.
    static func complain(line: String) {
        write("\(line)\n", to: 2)
    }

    /// A connection that a reader has closed is an error like others.
    static func ignoreBrokenPipes() {
        signal(SIGPIPE, SIG_IGN)
    }

    /// Ends the process at once.
    static func end(_ status: Int32) -> Never {
        _exit(status)
    }

    /// The text of a file of at most 1 MiB.
    static func read(_ path: String) -> Result<String, FileComplaint> {
        guard let file = fopen(path, "re") else { return .failure(FileComplaint(reason: reason())) }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: maximumFile + 1)
        let count = fread(&bytes, 1, bytes.count, file)
        guard ferror(file) == 0 else { return .failure(FileComplaint(reason: reason())) }
        guard count <= maximumFile else { return .failure(FileComplaint(reason: "the file is larger than 1 MiB")) }
        return .success(String(decoding: bytes[..<count], as: UTF8.self))
    }

    private static func reason() -> String { "the file cannot be read: \(String(cString: strerror(errno)))" }

    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
