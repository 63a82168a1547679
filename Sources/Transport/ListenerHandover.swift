#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// How a new process takes over the listening sockets of an old one, without a refused or a reset connection.
///
/// ```
/// new                         old
///  │ ───── ask ─────────────▶ │   serves
///  │ ◀──── socket, … end ──── │   serves; both have the sockets now, the old one accepts
///  │ (prepares, and checks)   │   serves
///  │ ───── ready ───────────▶ │   stops accepting; who connects waits in the queues of the sockets
///  │ ◀──── released ───────── │
///  │ (accepts)                │
///  │ ───── taken ───────────▶ │   drains, exits
/// ```
///
/// One process accepts at a time. Until `ready` has come the old one has changed nothing, so whatever becomes of the new one
/// costs nothing; without `taken` in time it accepts again, from the copies that it has kept. Both ends must be of one user.
/// Blocking: for a thread that may wait.
enum ListenerHandover {
    /// More addresses than a gateway has.
    static let maximumSockets = 64

    /// The old side, first part, on a connection that was accepted: offers `sockets` and returns when the peer is ready. Then
    /// it is time to stop accepting, and to `release`. The connection and the sockets stay open, and are the caller's.
    ///
    /// - Parameters:
    ///   - exchange: how long the peer may take to ask and to fetch.
    ///   - start: how long it may take from there until it is ready.
    /// - Throws: `HandoverError`; then nothing has happened, and this process goes on.
    static func offer(
        _ sockets: [HandedSocket], over connection: CInt, exchange: Duration = .seconds(5),
        start: Duration = .seconds(60)
    ) throws(HandoverError) {
        try prepare(connection)
        let fetched = ContinuousClock.now + exchange
        try expect(.ask, over: connection, by: fetched)
        guard sockets.count <= maximumSockets else { throw .malformed("too many sockets") }
        for socket in sockets {
            var rest = socket.descriptors[...]
            repeat {
                let part = HandedSocket(
                    name: socket.name, address: socket.address,
                    descriptors: Array(rest.prefix(DescriptorPassing.maximumDescriptors)))
                try HandoverMessage.socket(part).send(over: connection, by: fetched)
                rest = rest.dropFirst(DescriptorPassing.maximumDescriptors)
            } while !rest.isEmpty
        }
        try HandoverMessage.end.send(over: connection, by: fetched)
        try expect(.ready, over: connection, by: .now + start)
    }

    /// The old side, second part: says that this process accepts no more, and waits until the peer does.
    ///
    /// - Throws: `HandoverError` when the peer does not. Then it never will believe that it may: whoever can, accepts again.
    static func release(over connection: CInt, within exchange: Duration = .seconds(5)) throws(HandoverError) {
        let deadline = ContinuousClock.now + exchange
        try HandoverMessage.released.send(over: connection, by: deadline)
        do throws(HandoverError) {
            try expect(.taken, over: connection, by: deadline)
        } catch .timeout {
            // From here on the peer can say nothing, and finds that out. What it has said before counts.
            shutdown(connection, CInt(SHUT_RDWR))
            try expect(.taken, over: connection, by: .now + .seconds(1))
        }
    }

    /// The new side, first part: fetches the sockets of the process at the other end. They are the caller's, to adopt or to
    /// close.
    ///
    /// - Throws: `HandoverError`; what had come is closed then.
    static func fetch(
        over connection: CInt, within exchange: Duration = .seconds(5)
    ) throws(HandoverError) -> [HandedSocket] {
        try prepare(connection)
        let deadline = ContinuousClock.now + exchange
        var sockets: [HandedSocket] = []
        do throws(HandoverError) {
            try HandoverMessage.ask.send(over: connection, by: deadline)
            var count = 0
            while true {
                switch try HandoverMessage.receive(over: connection, by: deadline) {
                case .socket(let socket):
                    if let last = sockets.indices.last, sockets[last].name == socket.name,
                        sockets[last].address == socket.address
                    {
                        sockets[last].descriptors += socket.descriptors
                    } else {
                        sockets.append(socket)
                    }
                    count += 1
                    if count > maximumSockets { throw .malformed("too many sockets") }
                case .end: return sockets
                case .ask, .ready, .released, .taken: throw .malformed("a message out of turn")
                }
            }
        } catch {
            for socket in sockets { socket.close() }
            throw error
        }
    }

    /// The new side, second part: says that this process is ready, and waits until the old one accepts no more.
    ///
    /// - Throws: `HandoverError` when the old one has given up, or died, or does not answer; if it lives, it goes on.
    static func claim(over connection: CInt, within exchange: Duration = .seconds(15)) throws(HandoverError) {
        let deadline = ContinuousClock.now + exchange
        try HandoverMessage.ready.send(over: connection, by: deadline)
        try expect(.released, over: connection, by: deadline)
    }

    /// The new side, third part: says that this process accepts.
    ///
    /// - Throws: `HandoverError` when the old one has given up, and accepts again: then this process must not.
    static func confirm(over connection: CInt, within exchange: Duration = .seconds(5)) throws(HandoverError) {
        try HandoverMessage.taken.send(over: connection, by: .now + exchange)
    }

    private static func expect(
        _ message: HandoverMessage, over connection: CInt, by deadline: ContinuousClock.Instant
    ) throws(HandoverError) {
        let received = try HandoverMessage.receive(over: connection, by: deadline)
        guard received != message else { return }
        if case .socket(let socket) = received { socket.close() }
        throw .malformed("a message out of turn")
    }

    private static func prepare(_ connection: CInt) throws(HandoverError) {
        guard DescriptorPassing.peer(atTheOtherEndOf: connection)?.user == geteuid() else { throw .user }
        let flags = fcntl(connection, F_GETFL)
        guard flags >= 0, fcntl(connection, F_SETFL, flags | O_NONBLOCK) == 0 else {
            throw .system("fcntl", code: errno)
        }
        #if canImport(Darwin)
            var on: CInt = 1
            setsockopt(connection, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<CInt>.size))
        #endif
    }
}
