import NIOCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A path at which a process offers its listening sockets to the next one: a unix-domain socket that only its user may
/// connect to.
///
/// It has one owner at a time. The socket behind the path is handed over with the others, so the file stays the same one, and
/// who connects meanwhile waits for the next owner.
package final class HandoverPlace: Sendable {
    /// What a process finds that comes to a place.
    package enum Arrival: Sendable {
        /// Nobody; the place is its own now.
        case alone(HandoverPlace)
        /// Somebody who offers sockets.
        case offered(HandoverOffer)
    }

    private struct State {
        var isStopped = false
        /// One that may be broken off.
        var connection: CInt?
    }

    /// What the socket of the place is called among those that are handed over.
    private static let name = "handover"
    /// More starting processes than there are.
    private static let backlog: CInt = 16

    private let file: SocketFile
    private let state = Mutex(State())
    /// Readable once the place is told to stop.
    private let stopping: (reader: CInt, writer: CInt)
    let thread: WaitingThread

    private init(_ file: SocketFile, _ thread: WaitingThread) throws(HandoverError) {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .system("pipe", code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // Who gave up may have gone before it is accepted.
        _ = fcntl(file.descriptor, F_SETFL, fcntl(file.descriptor, F_GETFL) | O_NONBLOCK)
        stopping = (ends[0], ends[1])
        self.file = file
        self.thread = thread
    }

    deinit {
        for end in [stopping.reader, stopping.writer] { SystemCall.close(end) }
        thread.end()
    }

    /// Where it is.
    package var path: String { file.path }

    /// The socket behind it, as it is handed over.
    var socket: HandedSocket {
        HandedSocket(name: HandoverPlace.name, address: "unix:\(path)", descriptors: [file.descriptor])
    }

    // MARK: Coming

    /// Asks whoever is at `path` for its sockets; when nobody is there, takes the place. A file that is left of a dead process
    /// is replaced. Of several who come at once, one gets the place, and the others ask it.
    ///
    /// - Parameter patience: how long to wait for somebody who is there and does not answer, or is about to leave.
    /// - Throws: `HandoverError` or `ListenerError`: the place cannot be had, or who is there does not hand over.
    package static func arrive(at path: String, patience: Duration = .seconds(10)) async throws -> Arrival {
        let thread = WaitingThread()
        do {
            return try await thread.run { try arrive(at: path, by: .now + patience, thread) }
        } catch {
            thread.end()
            throw error
        }
    }

    private static func arrive(
        at path: String, by deadline: ContinuousClock.Instant, _ thread: WaitingThread
    ) throws -> Arrival {
        while true {
            do {
                switch try knock(at: path, by: deadline) {
                case .own(let file):
                    return .alone(try HandoverPlace(file, thread))
                case .connected(let connection):
                    return .offered(try fetch(over: connection, at: path, by: deadline, thread))
                case .busy:
                    break
                }
            } catch HandoverError.ended where deadline > .now {
                // It was leaving. Who comes next finds the place free.
            } catch HandoverError.system(_, let code) where (code == ECONNRESET || code == EPIPE) && deadline > .now {
                // The same.
            }
            guard deadline > .now else { throw HandoverError.timeout }
            // On a thread of its own, which may wait.
            usleep(20_000)
        }
    }

    private enum Answer {
        case own(SocketFile), connected(CInt), busy
    }

    /// One try, under a lock: a file whose owner does not listen yet looks as if it was left of a dead process.
    private static func knock(at path: String, by deadline: ContinuousClock.Instant) throws -> Answer {
        let lock = open("\(path).lock", O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else { throw HandoverError.system("\(path).lock", code: errno) }
        defer { SystemCall.close(lock) }
        while flock(lock, LOCK_EX | LOCK_NB) != 0 {
            guard deadline > .now else { throw HandoverError.timeout }
            // As above: nobody else runs on this thread.
            usleep(5_000)
        }
        guard let address = try? SocketAddress(unixDomainSocketPath: path), !path.isEmpty, !path.utf8.contains(0) else {
            throw ListenerError(path: path, reason: "not a path for a socket, or too long for one")
        }
        let connection = SystemCall.socket()
        guard connection >= 0 else { throw HandoverError.system("socket", code: errno) }
        if address.withSockAddr({ connect(connection, $0, socklen_t($1)) }) == 0 { return .connected(connection) }
        let code = errno
        SystemCall.close(connection)
        guard code != EAGAIN else { return .busy }
        let file = try SocketFile(at: path, mode: 0o600)
        guard listen(file.descriptor, backlog) == 0 else {
            let code = errno
            SystemCall.close(file.descriptor)
            unlink(path)
            throw HandoverError.system("listen", code: code)
        }
        return .own(file)
    }

    private static func fetch(
        over connection: CInt, at path: String, by deadline: ContinuousClock.Instant, _ thread: WaitingThread
    ) throws(HandoverError) -> HandoverOffer {
        do throws(HandoverError) {
            var sockets = try ListenerHandover.fetch(over: connection, within: max(deadline - .now, .milliseconds(1)))
            guard let index = sockets.firstIndex(where: { $0.name == name }), sockets[index].descriptors.count == 1
            else {
                for socket in sockets { socket.close() }
                throw .malformed("no place")
            }
            let file = SocketFile(at: path, adopting: sockets.remove(at: index).descriptors[0])
            return HandoverOffer(sockets, over: connection, at: try HandoverPlace(file, thread))
        } catch {
            SystemCall.close(connection)
            throw error
        }
    }

    // MARK: Being there

    /// The next process that comes; `nil` once the place is told to stop. For the owner.
    ///
    /// - Throws: `HandoverError` when the system lets nobody in.
    package func nextPeer() async throws -> HandoverPeer? {
        try await thread.run { try self.accept().map { HandoverPeer($0, at: self) } }
    }

    private func accept() throws(HandoverError) -> CInt? {
        while true {
            var entries = [
                pollfd(fd: file.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: stopping.reader, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&entries, 2, -1) >= 0 || errno == EINTR else { throw .system("poll", code: errno) }
            if state.withLock({ $0.isStopped }) { return nil }
            guard entries[0].revents != 0 else { continue }
            let connection = SystemCall.accept(file.descriptor)
            if connection >= 0 { return connection }
            guard errno == EAGAIN || errno == EINTR || errno == ECONNABORTED else {
                throw .system("accept", code: errno)
            }
        }
    }

    /// Lets nobody in any more, and breaks off a handover that has changed nothing so far.
    package func stop() {
        state.withLock { state in
            guard !state.isStopped else { return }
            state.isStopped = true
            var byte: UInt8 = 0
            _ = write(stopping.writer, &byte, 1)
            if let connection = state.connection { shutdown(connection, CInt(SHUT_RDWR)) }
        }
    }

    /// Does what may be broken off by `stop`; `ended` is thrown when it was, even if it had just succeeded.
    func mayBreakOff(_ connection: CInt, _ body: () throws(HandoverError) -> Void) throws(HandoverError) {
        guard
            state.withLock({ state in
                if !state.isStopped { state.connection = connection }
                return !state.isStopped
            })
        else { throw .ended }
        var failure: HandoverError?
        do throws(HandoverError) { try body() } catch { failure = error }
        let isStopped = state.withLock { state in
            state.connection = nil
            return state.isStopped
        }
        if let failure { throw failure }
        if isStopped { throw .ended }
    }

    /// Gives the place up: the file is removed. For the owner, once, when it hands over to nobody.
    package func close() {
        stop()
        file.remove()
        leave()
    }

    /// Lets go of a place that is somebody else's now, or still.
    package func leave() {
        SystemCall.close(file.descriptor)
    }
}
