import ArgumentParser

/// The permissions of a file, as `chmod` takes them in octal.
struct FileMode: ExpressibleByArgument, CustomStringConvertible, Equatable {
    /// 0…0o777.
    let bits: UInt16

    /// 600: the user of the process only.
    static let standard = FileMode(bits: 0o600)

    private init(bits: UInt16) {
        self.bits = bits
    }

    /// The permissions that three octal digits spell, a 0 in front allowed.
    init?(argument: String) {
        guard (3...4).contains(argument.utf8.count), argument.utf8.allSatisfy({ (0x30...0x37).contains($0) }),
            let bits = UInt16(argument, radix: 8), bits <= 0o777
        else { return nil }
        self.bits = bits
    }

    var description: String { String(bits, radix: 8) }

    var defaultValueDescription: String { description }
}
