import Wire

/// The slots over which a cluster spreads its keys (Redis cluster specification, "Key distribution model").
enum RedisSlot {
    /// How many there are.
    static let count = 16_384

    /// The slot of `key`: that of what stands between its first `{` and the next `}`, if anything does.
    static func number(of key: ByteView) -> Int {
        Int(crc16(hashed(key))) % count
    }

    private static func hashed(_ key: ByteView) -> ByteView {
        guard let open = key.firstOffset(of: UInt8(ascii: "{"), from: 0),
            let close = key.firstOffset(of: UInt8(ascii: "}"), from: open &+ 1), close > open &+ 1
        else { return key }
        return key.slice(from: open &+ 1, to: close)
    }

    /// CRC-16/XMODEM: polynomial 0x1021, nothing reflected, begins and ends with 0.
    private static func crc16(_ bytes: ByteView) -> UInt16 {
        var crc: UInt16 = 0
        for offset in 0..<bytes.count { crc = crc &<< 8 ^ table[Int(crc &>> 8 ^ UInt16(bytes[offset]))] }
        return crc
    }

    private static let table: [UInt16] = (0..<256).map { index in
        var crc = UInt16(index) &<< 8
        for _ in 0..<8 { crc = crc & 0x8000 == 0 ? crc &<< 1 : crc &<< 1 ^ 0x1021 }
        return crc
    }
}

extension ByteView {
    fileprivate func firstOffset(of byte: UInt8, from start: Int) -> Int? {
        for offset in start..<max(count, start) where self[offset] == byte { return offset }
        return nil
    }
}
