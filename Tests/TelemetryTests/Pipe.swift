import Foundation

/// A pipe whose reading end the test holds.
final class Pipe {
    let writeEnd: CInt
    private var readEnd: CInt

    init() throws {
        var ends: [CInt] = [0, 0]
        guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
        readEnd = ends[0]
        writeEnd = ends[1]
        _ = fcntl(readEnd, F_SETFL, fcntl(readEnd, F_GETFL) | O_NONBLOCK)
    }

    deinit {
        closeReadEnd()
        close(writeEnd)
    }

    func closeReadEnd() {
        if readEnd >= 0 { close(readEnd) }
        readEnd = -1
    }

    /// Everything that arrives until `isComplete`, and what is there then; gives up after ten seconds.
    func read(until isComplete: () -> Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        let end = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < end {
            let wasComplete = isComplete()
            let fresh = Pipe.readAvailable(readEnd)
            bytes += fresh
            if wasComplete { break }
            if fresh.isEmpty { usleep(500) }
        }
        return bytes
    }

    /// What can be read now without waiting.
    static func readAvailable(_ descriptor: CInt) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Foundation.read(descriptor, &chunk, chunk.count)
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
        }
    }

    /// How many bytes could be read now.
    static func readableCount(_ descriptor: CInt) -> Int {
        var count: CInt = 0
        return ioctl(descriptor, UInt(FIONREAD), &count) == 0 ? Int(count) : 0
    }

    /// Lines of 32 KiB together, different for each `index`.
    static func block(_ index: Int) -> [UInt8] {
        let line = Array("\(index) \(String(repeating: "x", count: 1_000))\n".utf8)
        var block: [UInt8] = []
        for _ in 0..<32 { block += line }
        return block
    }
}
