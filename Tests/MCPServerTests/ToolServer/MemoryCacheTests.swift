import NIOCore
import Resilience
import Testing
import Wire

@testable import mcp_tool_server

struct MemoryCacheTests {
    private func key(_ text: String) -> CacheKey { CacheKey("test\n", ByteBuffer(string: text)) }

    @Test func `keeps a result until it expires`() {
        let cache = MemoryCache()
        cache.store(ByteBuffer(string: "1"), for: key("a"), timeToLive: .seconds(10), at: .seconds(5))
        #expect(cache.value(for: key("a"), at: .seconds(14.9)) == ByteBuffer(string: "1"))
        #expect(cache.value(for: key("b"), at: .seconds(5)) == nil)
        #expect(cache.value(for: key("a"), at: .seconds(15)) == nil)
        #expect(cache.figures == MemoryCache.Figures(entryCount: 0, bytes: 0))
    }

    @Test func `replaces a result by a newer one`() {
        let cache = MemoryCache()
        cache.store(ByteBuffer(string: "1"), for: key("a"), timeToLive: .seconds(10), at: .zero)
        cache.store(ByteBuffer(string: "2"), for: key("a"), timeToLive: .seconds(10), at: .seconds(5))
        #expect(cache.value(for: key("a"), at: .seconds(12)) == ByteBuffer(string: "2"))
        #expect(cache.figures.entryCount == 1)
    }

    @Test func `finds a result under an alias, but not without it`() {
        let cache = MemoryCache()
        cache.name(key("alias"), as: key("a"))
        #expect(cache.value(for: key("alias"), at: .zero) == nil)
        cache.store(ByteBuffer(string: "1"), for: key("a"), timeToLive: .seconds(10), at: .zero)
        #expect(cache.value(for: key("alias"), at: .zero) == ByteBuffer(string: "1"))
        #expect(cache.value(for: key("alias"), at: .seconds(10)) == nil)
        // An alias of an alias leads nowhere, and two of each other do not go on for ever.
        cache.name(key("a"), as: key("alias"))
        #expect(cache.value(for: key("alias"), at: .zero) == nil)
    }

    @Test func `stays within its bytes, and gives up what was not asked for`() {
        let size = 1_024
        let cost = size + MemoryCache.entryOverhead
        let cache = MemoryCache(byteLimit: 10 * cost)
        let value = ByteBuffer(repeating: 0x61, count: size)
        for index in 0..<10 { cache.store(value, for: key("\(index)"), timeToLive: .seconds(10), at: .zero) }
        #expect(cache.value(for: key("0"), at: .zero) != nil)
        cache.store(value, for: key("10"), timeToLive: .seconds(10), at: .zero)
        #expect(cache.value(for: key("1"), at: .zero) == nil)
        #expect(cache.value(for: key("0"), at: .zero) != nil)
        #expect(cache.figures == MemoryCache.Figures(entryCount: 10, bytes: 10 * cost))
        for index in 0..<1_000 { cache.name(key("alias \(index)"), as: key("0")) }
        #expect(cache.figures.bytes <= 10 * cost)
    }

    @Test func `does not keep what is too large`() {
        let cache = MemoryCache()
        let value = ByteBuffer(repeating: 0x61, count: MemoryCache.entryByteLimit + 1)
        cache.store(value, for: key("a"), timeToLive: .seconds(10), at: .zero)
        #expect(cache.value(for: key("a"), at: .zero) == nil)
        #expect(cache.figures.bytes == 0)
    }

    @Test func `has the same keys in every process`() {
        // printf 'test\nabc' | sha256sum
        #expect(key("abc").text == "83b14b242cae16ea4e017767a48ec8527201349bb6b883631f13571d85491f85")
        #expect(key("abc") != key("abd"))
        #expect(CacheKey("a", ByteBuffer(string: "bc")) == CacheKey("ab", ByteBuffer(string: "c")))
    }
}
