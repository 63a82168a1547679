package import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The resolver of the operating system, with all that it is configured to ask: `getaddrinfo`, on threads that may wait.
///
/// A lookup cannot be ended. Four threads are all that lookups can hold up, whatever name servers do; those that are not
/// begun before their time is over never are, and no more than 4,096 wait.
package struct SystemNameResolver: NameResolver {
    /// Started with the first lookup; ends with the process.
    private static let threads: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 4)
        pool.start()
        return pool
    }()
    private static let lookupCount = Atomic<Int>(0)
    private static let maximumLookupCount = 4_096

    /// The resolver.
    package init() {}

    package func addresses(
        of name: String, within timeout: TimeAmount, on eventLoop: any EventLoop
    ) -> EventLoopFuture<[String]> {
        let count = Self.lookupCount.wrappingAdd(1, ordering: .relaxed).newValue
        guard count <= Self.maximumLookupCount else {
            Self.lookupCount.wrappingSubtract(1, ordering: .relaxed)
            return eventLoop.makeFailedFuture(NameResolutionError.busy)
        }
        let promise = eventLoop.makePromise(of: [String].self)
        let deadline = NIODeadline.now() + timeout
        // Whoever is second is not heard.
        let limit = eventLoop.scheduleTask(deadline: deadline) { promise.fail(NameResolutionError.timedOut) }
        promise.futureResult.whenComplete { _ in limit.cancel() }
        Self.threads.submit { state in
            defer { Self.lookupCount.wrappingSubtract(1, ordering: .relaxed) }
            guard case .active = state else { return promise.fail(NameResolutionError.failed) }
            guard NIODeadline.now() < deadline else { return }
            promise.completeWith(Self.lookUp(name))
        }
        return promise.futureResult
    }

    /// Asks, and waits for the answer.
    private static func lookUp(_ name: String) -> Result<[String], any Error> {
        var hints = addrinfo()
        // Addresses of a family that this machine does not have at all would only be backends that are always down.
        hints.ai_flags = AI_ADDRCONFIG
        #if canImport(Glibc)
            hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        #else
            hints.ai_socktype = SOCK_STREAM
        #endif
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(name, nil, &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard code == 0 else {
            switch code {
            case EAI_NONAME: return .failure(NameResolutionError.notFound)
            case EAI_AGAIN: return .failure(NameResolutionError.unavailable)
            // Glibc's word for a name without an address, which its headers show to GNU programs only.
            case -5: return .failure(NameResolutionError.notFound)
            default: return .failure(NameResolutionError.failed)
            }
        }
        var addresses: [String] = []
        var next = list
        while let entry = next?.pointee {
            if let text = text(of: entry), !addresses.contains(text) { addresses.append(text) }
            next = entry.ai_next
        }
        return addresses.isEmpty ? .failure(NameResolutionError.notFound) : .success(addresses)
    }

    /// The address without port and zone; `nil` for families other than IPv4 and IPv6.
    private static func text(of entry: addrinfo) -> String? {
        guard let address = entry.ai_addr else { return nil }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let length = socklen_t(text.count)
        switch entry.ai_family {
        case AF_INET:
            address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                _ = withUnsafePointer(to: $0.pointee.sin_addr) { inet_ntop(AF_INET, $0, &text, length) }
            }
        case AF_INET6:
            address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                _ = withUnsafePointer(to: $0.pointee.sin6_addr) { inet_ntop(AF_INET6, $0, &text, length) }
            }
        default:
            return nil
        }
        let end = text.firstIndex(of: 0) ?? text.count
        return end == 0 ? nil : String(decoding: text[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
