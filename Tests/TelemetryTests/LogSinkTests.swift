import Foundation
import Telemetry
import Testing

@Suite struct `Log sink` {
    // MARK: Writing

    @Test func `writes blocks in their order to a file that it makes`() throws {
        let directory = try TemporaryDirectory()
        let sink = try LogSink(.file(path: directory.path("a.log")))
        for index in 0..<1_000 { #expect(sink.offer(Array("line \(index)\n".utf8))) }
        #expect(sink.close(within: .seconds(10)))
        #expect(try directory.read("a.log") == (0..<1_000).map { "line \($0)\n" }.joined())
        #expect(sink.figures.writtenBlocks == 1_000)
        #expect(sink.figures.droppedBlocks == 0)
        #expect(sink.figures.queuedBytes == 0)
    }

    @Test func `appends to a file that is there`() throws {
        let directory = try TemporaryDirectory()
        try "before\n".write(toFile: directory.path("a.log"), atomically: false, encoding: .utf8)
        let sink = try LogSink(.file(path: directory.path("a.log")))
        sink.offer(Array("after\n".utf8))
        #expect(sink.flush(within: .seconds(10)))
        #expect(try directory.read("a.log") == "before\nafter\n")
        sink.close()
    }

    @Test func `does not mix the blocks of many tasks`() async throws {
        let directory = try TemporaryDirectory()
        let sink = try LogSink(.file(path: directory.path("a.log")))
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for step in 0..<300 {
                        sink.offer(Array("\(task) \(step) \(String(repeating: "x", count: step))\n".utf8))
                    }
                }
            }
        }
        #expect(sink.close(within: .seconds(10)))
        let lines = try directory.read("a.log").split(separator: "\n")
        #expect(lines.count == 2_400)
        for task in 0..<8 {
            let own = lines.filter { $0.hasPrefix("\(task) ") }
            #expect(own == (0..<300).map { "\(task) \($0) \(String(repeating: "x", count: $0))" }.map { $0[...] })
        }
    }

    @Test func `refuses a file that cannot be opened and says why`() throws {
        let error = #expect(throws: LogSinkError.self) {
            _ = try LogSink(.file(path: "/nonexistent/directory/a.log"))
        }
        #expect(error?.code == ENOENT)
        #expect(error?.description == "cannot open /nonexistent/directory/a.log: No such file or directory")
    }

    // MARK: Bounds

    @Test func `drops whole blocks when the writer is behind, and never waits`() throws {
        let pipe = try Pipe()
        let sink = try LogSink(.descriptor(pipe.writeEnd), maximumQueuedBytes: 300_000)
        let clock = ContinuousClock()
        let blocks = (0..<100).map(Pipe.block)
        var accepted: [Int] = []
        // A pipe holds 64 KiB; then the thread is stuck.
        let time = clock.measure {
            for index in 0..<100 where sink.offer(blocks[index]) { accepted.append(index) }
        }
        #expect(time < .seconds(2))
        #expect(accepted.count >= 9 && accepted.count <= 12)
        #expect(sink.figures.droppedBlocks == 100 - accepted.count)
        #expect(sink.figures.queuedBytes <= 300_000)
        #expect(!sink.flush(within: .milliseconds(20)))

        let received = pipe.read(until: { sink.figures.writtenBlocks == accepted.count })
        // Compared outside the macro, which would print a third of a megabyte of numbers.
        let isWhole = received == accepted.reduce(into: []) { $0 += blocks[$1] }
        #expect(isWhole, "received \(received.count) bytes")
        #expect(sink.figures.queuedBytes == 0)
        // There is room again.
        #expect(sink.offer(Array("again\n".utf8)))
        #expect(sink.close(within: .seconds(10)))
        #expect(pipe.read(until: { true }) == Array("again\n".utf8))
    }

    @Test func `bounds very many very small blocks`() throws {
        let pipe = try Pipe()
        let sink = try LogSink(.descriptor(pipe.writeEnd), maximumQueuedBytes: 100_000)
        sink.offer([UInt8](repeating: UInt8(ascii: "x"), count: 90_000))
        var accepted = 0
        for _ in 0..<10_000 where sink.offer([UInt8(ascii: "\n")]) { accepted += 1 }
        #expect(accepted <= 400)
        #expect(!sink.close(within: .zero))
        pipe.closeReadEnd()
    }

    @Test func `never takes a block that is larger than the bound`() throws {
        let directory = try TemporaryDirectory()
        let sink = try LogSink(.file(path: directory.path("a.log")), maximumQueuedBytes: 1_000)
        #expect(!sink.offer([UInt8](repeating: 10, count: 1_000)))
        #expect(sink.offer([]))
        #expect(sink.offer([UInt8](repeating: 10, count: 900)))
        #expect(sink.close(within: .seconds(10)))
        #expect(sink.figures.droppedBlocks == 1)
    }

    @Test func `writes nothing more after a closing that came too late, nor to a descriptor that is another's by then`()
        throws
    {
        let pipe = try Pipe()
        let sink = try LogSink(.descriptor(pipe.writeEnd))
        for _ in 0..<10 { sink.offer([UInt8](repeating: 10, count: 50_000)) }
        // The number now means something else.
        let other = try Pipe()
        #expect(dup2(other.writeEnd, pipe.writeEnd) == pipe.writeEnd)
        #expect(!sink.close(within: .milliseconds(20)))
        _ = pipe.read(until: { sink.flush(within: .zero) })
        #expect(sink.figures.failedBlocks >= 7)
        #expect(other.read(until: { true }) == [])
    }

    @Test func `takes nothing after closing, and closing a stuck sink ends in time`() throws {
        let pipe = try Pipe()
        let sink = try LogSink(.descriptor(pipe.writeEnd))
        sink.offer([UInt8](repeating: 10, count: 200_000))
        let clock = ContinuousClock()
        let time = clock.measure { #expect(!sink.close(within: .milliseconds(50))) }
        #expect(time >= .milliseconds(50) && time < .seconds(5))
        #expect(!sink.offer([10]))
        #expect(sink.figures.droppedBlocks == 1)
        pipe.closeReadEnd()
        // The write that was stuck has failed, and nothing of it is waited for any more.
        #expect(sink.flush(within: .seconds(10)))
        #expect(sink.figures.failedBlocks == 1)
    }

    @Test func `gives up on a stuck descriptor that does not block`() throws {
        let pipe = try Pipe()
        let flags = fcntl(pipe.writeEnd, F_GETFL)
        #expect(fcntl(pipe.writeEnd, F_SETFL, flags | O_NONBLOCK) == 0)
        let sink = try LogSink(.descriptor(pipe.writeEnd))
        sink.offer([UInt8](repeating: 10, count: 200_000))
        #expect(!sink.close(within: .milliseconds(20)))
        #expect(sink.flush(within: .seconds(10)))
        #expect(sink.figures.lastError == ECANCELED)
    }

    @Test func `writes everything to a slow reader of a descriptor that does not block`() throws {
        let pipe = try Pipe()
        let flags = fcntl(pipe.writeEnd, F_GETFL)
        #expect(fcntl(pipe.writeEnd, F_SETFL, flags | O_NONBLOCK) == 0)
        let sink = try LogSink(.descriptor(pipe.writeEnd))
        for index in 0..<10 { sink.offer(Pipe.block(index)) }
        let received = pipe.read(until: { sink.figures.writtenBlocks == 10 })
        let isWhole = received == (0..<10).reduce(into: []) { $0 += Pipe.block($1) }
        #expect(isWhole, "received \(received.count) bytes")
        #expect(sink.close())
    }

    // MARK: Failures

    @Test func `survives a reader that is gone`() throws {
        let pipe = try Pipe()
        pipe.closeReadEnd()
        let sink = try LogSink(.descriptor(pipe.writeEnd))
        for _ in 0..<10 {
            #expect(sink.offer(Array("line\n".utf8)))
            #expect(sink.flush(within: .seconds(10)))
        }
        #expect(sink.figures.failedBlocks == 10)
        #expect(sink.figures.writtenBlocks == 0)
        #expect(sink.figures.lastError == EPIPE)
        #expect(sink.close())
    }

    @Test func `survives a full disk and goes on when there is room`() throws {
        #if os(Linux)
            let directory = try TemporaryDirectory()
            let path = directory.path("a.log")
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/full")
            let sink = try LogSink(.file(path: path))
            for _ in 0..<5 {
                sink.offer(Array("lost\n".utf8))
                #expect(sink.flush(within: .seconds(10)))
            }
            #expect(sink.figures.failedBlocks == 5)
            #expect(sink.figures.lastError == ENOSPC)
            try FileManager.default.removeItem(atPath: path)
            sink.reopen()
            sink.offer(Array("kept\n".utf8))
            #expect(sink.close(within: .seconds(10)))
            #expect(try directory.read("a.log") == "kept\n")
            #expect(sink.figures.lastError == 0)
        #endif
    }

    @Test func `begins a new line after a block that was cut`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("fifo")
        #expect(mkfifo(path, 0o600) == 0)
        let first = open(path, O_RDONLY | O_NONBLOCK)
        let sink = try LogSink(.file(path: path))
        let block = [UInt8](repeating: UInt8(ascii: "x"), count: 200_000) + [10]
        sink.offer(block)
        // The pipe is full, the write is stuck in the middle of the block.
        try Condition.wait { Pipe.readableCount(first) >= 65_536 }
        close(first)
        #expect(sink.flush(within: .seconds(10)))
        #expect(sink.figures.failedBlocks == 1)
        let second = open(path, O_RDONLY | O_NONBLOCK)
        defer { close(second) }
        let cut = Pipe.readAvailable(second)
        #expect(cut.count >= 65_536 && cut.count < block.count)
        sink.offer(Array("next\n".utf8))
        #expect(sink.close(within: .seconds(10)))
        #expect(Pipe.readAvailable(second) == Array("\nnext\n".utf8))
    }

    // MARK: Reopening

    @Test func `opens the file anew after it was moved away`() throws {
        let directory = try TemporaryDirectory()
        let sink = try LogSink(.file(path: directory.path("a.log")))
        sink.offer(Array("one\n".utf8))
        #expect(sink.flush(within: .seconds(10)))
        try FileManager.default.moveItem(atPath: directory.path("a.log"), toPath: directory.path("a.log.1"))
        sink.offer(Array("two\n".utf8))
        #expect(sink.flush(within: .seconds(10)))
        sink.reopen()
        sink.offer(Array("three\n".utf8))
        #expect(sink.close(within: .seconds(10)))
        #expect(try directory.read("a.log.1") == "one\ntwo\n")
        #expect(try directory.read("a.log") == "three\n")
    }

    @Test func `keeps the old file when the new one cannot be opened`() throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path("d"), withIntermediateDirectories: false)
        let sink = try LogSink(.file(path: directory.path("d/a.log")))
        try FileManager.default.moveItem(atPath: directory.path("d"), toPath: directory.path("e"))
        sink.reopen()
        sink.offer(Array("kept\n".utf8))
        #expect(sink.close(within: .seconds(10)))
        #expect(try directory.read("e/a.log") == "kept\n")
    }

    @Test func `reports what it did as metrics`() throws {
        let pipe = try Pipe()
        let sink = try LogSink(.descriptor(pipe.writeEnd))
        sink.offer([10])
        #expect(sink.close(within: .seconds(10)))
        sink.offer([10])
        var text = PrometheusText()
        sink.collect(into: &text, name: "access")
        let page = try Exposition(text.text)
        #expect(page.value("mcp_log_blocks_total", ["log": "access", "result": "written"]) == "1")
        #expect(page.value("mcp_log_blocks_total", ["log": "access", "result": "dropped"]) == "1")
        #expect(page.value("mcp_log_blocks_total", ["log": "access", "result": "failed"]) == "0")
    }

    @Test func `ends its thread and closes its file when nobody holds it`() throws {
        #if os(Linux)
            let directory = try TemporaryDirectory()
            let path = directory.path("a.log")
            do {
                let sink = try LogSink(.file(path: path))
                sink.offer(Array("line\n".utf8))
            }
            try Condition.wait {
                let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
                return !descriptors.contains {
                    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == path
                }
            }
            #expect(try directory.read("a.log") == "line\n")
        #endif
    }
}
