#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Files in which the operating system says something in text.
enum SystemText {
    /// The bytes of a file, at most 4 MiB; `nil` when it cannot be read.
    static func bytes(of path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while bytes.count < 4 << 20 {
            let count = chunk.withUnsafeMutableBytes { buffer in
                #if canImport(Darwin)
                    Darwin.read(descriptor, buffer.baseAddress, buffer.count)
                #elseif canImport(Musl)
                    Musl.read(descriptor, buffer.baseAddress, buffer.count)
                #else
                    Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                #endif
            }
            guard count > 0 else { return count == 0 ? bytes : nil }
            bytes.append(contentsOf: chunk[..<count])
        }
        return bytes
    }

    /// The lines of a file; none when it cannot be read.
    static func lines(of path: String) -> [String] {
        (bytes(of: path) ?? []).split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The number that is all there is in a file; `nil` where it is a word, such as `max`, or there is no such file.
    static func number(in path: String) -> Int? {
        bytes(of: path).flatMap { number($0.prefix { $0 != newline }) }
    }

    /// The number behind `name` in a file with a name and a number in each line.
    static func number(named name: StaticString, in path: String) -> Int? {
        guard let bytes = bytes(of: path) else { return nil }
        return name.withUTF8Buffer { name in
            for line in bytes.split(separator: newline) where line.count > name.count && line.starts(with: name) {
                let rest = line[(line.startIndex + name.count)...]
                if rest.first == UInt8(ascii: " ") { return number(rest.dropFirst()) }
            }
            return nil
        }
    }

    private static let newline = UInt8(ascii: "\n")

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard !digits.isEmpty, digits.count <= 18 else {
            return digits.isEmpty ? nil : Int(String(decoding: digits, as: UTF8.self))
        }
        var number = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            number = number * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return number
    }
}
