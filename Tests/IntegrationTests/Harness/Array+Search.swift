import Glibc

extension [UInt8] {
    /// The first place of `pattern` at or after `start`. By the C library: tests are built without optimization.
    func firstRange(of pattern: [UInt8], from start: Int) -> Range<Int>? {
        withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, let first = pattern.first else { return nil }
            var offset = start
            while offset + pattern.count <= bytes.count {
                let room = bytes.count - pattern.count + 1 - offset
                guard let found = memchr(base + offset, Int32(first), room) else { return nil }
                offset = UnsafeRawPointer(found) - base
                if memcmp(found, pattern, pattern.count) == 0 { return offset..<(offset + pattern.count) }
                offset += 1
            }
            return nil
        }
    }
}
