#if canImport(Glibc)
    import Glibc
#endif

/// Memory that the process has freed and its allocator keeps for later: for the system it looks as if it were used.
package enum FreedMemory {
    /// Gives it back to the system, as far as there are whole pages. Takes some milliseconds, during which other threads may
    /// have to wait for memory. Does nothing where the allocator does that by itself.
    package static func giveBack() {
        #if canImport(Glibc)
            // malloc_trim(3) of the GNU C library, of which Swift sees no declaration: `int malloc_trim(size_t)`.
            guard let symbol = dlsym(nil, "malloc_trim") else { return }
            // That is its type.
            _ = unsafeBitCast(symbol, to: (@convention(c) (Int) -> CInt).self)(0)
        #endif
    }
}
