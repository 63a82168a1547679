import Wire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the process has of its surroundings: environment, standard output, standard error.
enum Process {
    /// The environment variables that settings can be given by.
    static var environment: [String: String] {
        var variables: [String: String] = [:]
        for name in Setting.allCases.compactMap(\.variable) {
            if let value = getenv(name) { variables[name] = String(cString: value) }
        }
        return variables
    }

    /// Says on standard output that a listener is ready, as one line of JSON.
    static func announce(listener: String, address: String) {
        let line: JSONValue = ["message": "listening", "listener": .string(listener), "address": .string(address)]
        write("\(line)\n", to: 1)
    }

    /// Says on standard error why the process ends.
    static func complain(_ reason: String) {
        write("mcp-tool-server: \(reason)\n", to: 2)
    }

    /// Ends the process at once.
    static func end(_ status: Int32) -> Never {
        _exit(status)
    }

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
