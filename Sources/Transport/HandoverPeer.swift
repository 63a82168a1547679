/// A process that wants to take over; the old side of a handover. See `ListenerHandover` for its parts.
package struct HandoverPeer: Sendable {
    /// Its number, 0 where the system does not say.
    package let process: Int32
    private let connection: CInt
    private let place: HandoverPlace

    init(_ connection: CInt, at place: HandoverPlace) {
        self.connection = connection
        self.place = place
        process = DescriptorPassing.peer(atTheOtherEndOf: connection)?.process ?? 0
    }

    /// Offers `sockets` and those of the place, and waits until the peer is ready: a minute at most, or until the place is
    /// told to stop.
    ///
    /// - Throws: `HandoverError`; then nothing has happened.
    package func offer(_ sockets: [HandedSocket]) async throws {
        try await place.thread.run {
            try place.mayBreakOff(connection) { () throws(HandoverError) in
                try ListenerHandover.offer(sockets + [place.socket], over: connection)
            }
        }
    }

    /// Says that this process accepts no more, and waits for seconds at most until the peer does.
    ///
    /// - Throws: `HandoverError`: the peer does not accept and never will.
    package func release() async throws {
        try await place.thread.run { try ListenerHandover.release(over: connection) }
    }

    /// Ends the connection. Exactly once.
    package func close() {
        SystemCall.close(connection)
    }
}

/// What a running process offers to this one; the new side of a handover.
package struct HandoverOffer: Sendable {
    /// The sockets; the caller's, to adopt or to close.
    package let sockets: [HandedSocket]
    /// The number of the process that they are of, 0 where the system does not say.
    package let process: Int32
    private let connection: CInt
    private let place: HandoverPlace

    init(_ sockets: [HandedSocket], over connection: CInt, at place: HandoverPlace) {
        self.sockets = sockets
        self.connection = connection
        self.place = place
        process = DescriptorPassing.peer(atTheOtherEndOf: connection)?.process ?? 0
    }

    /// Says that this process is ready, and waits until the other one accepts no more.
    ///
    /// - Throws: `HandoverError`; the other one goes on, and this process must not accept.
    package func claim() async throws {
        try await place.thread.run { try ListenerHandover.claim(over: connection) }
    }

    /// Says that this process accepts. The place is its own from here on.
    ///
    /// - Throws: `HandoverError`; the other one accepts again, and this process must end.
    package func confirm() async throws -> HandoverPlace {
        try await place.thread.run { try ListenerHandover.confirm(over: connection) }
        SystemCall.close(connection)
        return place
    }

    /// Ends the connection instead of confirming; the sockets stay the caller's.
    package func decline() {
        SystemCall.close(connection)
        place.leave()
    }
}
