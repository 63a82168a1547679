import Benchmark
import NIOCore
import Resilience
import Wire

/// A `tools/call` of the current revision with arguments of about `padding` bytes, as a client sends it.
private func call(padding: Int) -> ByteBuffer {
    ByteBuffer(
        string: """
            {"jsonrpc":"2.0","id":100000000000,"method":"tools/call","params":{"name":"process_data","arguments":\
            {"text":"\(String(repeating: "x", count: padding))"},"_meta":{"io.modelcontextprotocol/protocolVersion":\
            "2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1"},\
            "io.modelcontextprotocol/clientCapabilities":{}}}}
            """)
}

/// The head of such a call with eight fields.
private func head(length: Int) -> ByteBuffer {
    ByteBuffer(
        string: """
            POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Type: application/json\r\n\
            Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\n\
            Mcp-Name: process_data\r\nUser-Agent: bench\r\nContent-Length: \(length)\r\n\r\n
            """)
}

/// The answer to `tools/list` of a server with many tools, 64 KiB or little more: names, texts and schemas of words that
/// chance chooses.
private func toolsList() -> ByteBuffer {
    var random = SeededRandom(seed: 7)
    func words(_ count: Int, _ separator: String) -> String {
        let all = """
            the a of to for in by with from and whether which given only current default number name owner page result order
            filter state date format branch title body text optional required visible content path message label list file
            """.split { $0 == " " || $0 == "\n" }
        return (0..<count).map { _ in all[Int(random.next() % UInt64(all.count))] }.joined(separator: separator)
    }
    var tools: [String] = []
    var byteCount = 0
    while byteCount < 65_536 {
        let properties = (0..<Int(random.next() % 6) + 1).map { _ in
            #""\#(words(1, ""))":{"type":"string","description":"\#(words(8, " "))"}"#
        }
        tools.append(
            """
            {"name":"\(words(3, "_"))","description":"\(words(20, " "))","inputSchema":{"type":"object","properties":{\
            \(properties.joined(separator: ","))},"additionalProperties":false},"annotations":{"readOnlyHint":true}}
            """)
        byteCount += tools[tools.count - 1].utf8.count + 1
    }
    return ByteBuffer(
        string: #"{"jsonrpc":"2.0","id":1,"result":{"tools":[\#(tools.joined(separator: ","))],"ttlMs":60000}}"#)
}

let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(metrics: [.wallClock], scalingFactor: .kilo, maxDuration: .seconds(2))

    for (name, message) in [("325 B", call(padding: 20)), ("64 KiB", call(padding: 65_230))] {
        Benchmark("JSON-RPC envelope, \(name)") { benchmark in
            var scratch = JSONScratch(seed: 1)
            message.withByteView { bytes in
                for _ in benchmark.scaledIterations {
                    guard let envelope = try? JSONRPCEnvelope.scan(bytes, scratch: &scratch) else {
                        benchmark.error("the message was refused")
                        return
                    }
                    blackHole(envelope.id)
                }
            }
        }
    }

    // Heads that came lately are known again, so those that are to be read differ each time.
    Benchmark("HTTP request head, 8 fields, read") { benchmark in
        var parser = HTTPHeadParser(.request)
        let head = head(length: 325)
        for _ in benchmark.scaledIterations {
            let isComplete = try? head.withByteView { bytes throws(HTTPError) in try parser.parse(bytes) }
            guard isComplete == true else {
                benchmark.error("the head was refused")
                return
            }
            blackHole(parser.request.byteCount)
            parser.reset()
        }
    }

    Benchmark("HTTP request head, 8 fields, known") { benchmark in
        let memory = HTTPHeadMemory()
        var parser = HTTPHeadParser(.request)
        var last = memory.nothing
        let head = head(length: 325)
        for _ in benchmark.scaledIterations {
            let isComplete = try? head.withByteView { bytes throws(HTTPError) in
                try memory.read(bytes, with: &parser, into: &last)
            }
            guard isComplete == true else {
                benchmark.error("the head was refused")
                return
            }
            blackHole(last)
        }
    }

    for count in [3, 30] {
        Benchmark("balancer pick, \(count) backends") { benchmark in
            var balancer = SmoothWeightedRoundRobin((0..<count).map { _ in .init() })
            for _ in benchmark.scaledIterations { blackHole(balancer.pick { _ in true }) }
        }
    }

    Benchmark("breaker admit and record, closed") { benchmark in
        var random = SeededRandom(seed: 1)
        var breaker = CircuitBreaker(at: .zero)
        var now = MonotonicTime.zero
        for _ in benchmark.scaledIterations {
            now += .microseconds(20)
            guard case .admit(let generation) = breaker.admit(at: now, isRepeatable: true, random: &random) else {
                benchmark.error("the breaker is not closed")
                return
            }
            blackHole(breaker.record(.success, generation: generation, wasProbe: false, at: now, random: &random))
        }
    }

    Benchmark("response cache, hit") { benchmark in
        var cache = ResponseCache<UInt64, UInt64, Int>(bounds: ResponseCacheBounds())
        for key in 0..<1_024 as Range<UInt64> {
            cache.insert(1, for: key, costBytes: 1_000, until: .distantFuture, at: .zero)
        }
        var random = SeededRandom(seed: 1)
        for _ in benchmark.scaledIterations {
            guard let value = cache.value(for: random.next() & 1_023, at: .zero) else {
                benchmark.error("the entry is gone")
                return
            }
            blackHole(value)
        }
    }

    // Each one drives out another.
    Benchmark("response cache, insert when full") { benchmark in
        var cache = ResponseCache<UInt64, UInt64, Int>(bounds: ResponseCacheBounds(bytes: 1_024_000))
        var random = SeededRandom(seed: 1)
        for _ in benchmark.scaledIterations {
            let key = random.next()
            blackHole(cache.insert(1, for: key, costBytes: 1_000, owner: key & 15, until: .distantFuture, at: .zero))
        }
    }

    Benchmark("LZ4 compress, tools/list of 64 KiB") { benchmark in
        var compressor = LZ4Compressor()
        let list = toolsList()
        benchmark.startMeasurement()
        list.withByteView { bytes in
            for _ in benchmark.scaledIterations {
                var block: [UInt8] = []
                block.reserveCapacity(bytes.count)
                guard compressor.compress(bytes, limit: bytes.count / 2, into: &block) else {
                    benchmark.error("it does not shrink to half of it")
                    return
                }
                blackHole(block)
            }
        }
    }

    Benchmark("LZ4 decompress, tools/list of 64 KiB") { benchmark in
        var compressor = LZ4Compressor()
        var block: [UInt8] = []
        let list = toolsList()
        list.withByteView { bytes in _ = compressor.compress(bytes, limit: .max, into: &block) }
        benchmark.startMeasurement()
        block.withUnsafeBytes { block in
            for _ in benchmark.scaledIterations {
                guard let buffer = try? LZ4Block.decompress(ByteView(block), count: list.readableBytes) else {
                    benchmark.error("the block was refused")
                    return
                }
                blackHole(buffer)
            }
        }
    }
}
