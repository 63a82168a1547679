import NIOCore
import Synchronization

/// The outlet of a request in a session: a stream of the session from the first message on, on whichever connection.
final class SessionOutlet: MessageOutlet {
    private enum State {
        /// Nothing was said.
        case silent
        /// The stream of this number has been opened.
        case streaming(SessionStreams.Number)
        /// The answer is out, or the client has left without knowing of the stream.
        case ended
    }

    private let streams: SessionStreams
    private let sink: any EventSink
    private let state = Mutex(State.silent)

    /// The outlet of a request whose connection is `sink`.
    init(_ streams: SessionStreams, _ sink: any EventSink) {
        self.streams = streams
        self.sink = sink
    }

    func send(_ message: ByteBuffer) async -> Bool {
        guard let number = stream() else { return false }
        return await streams.send(message, on: number)
    }

    func suspend(for duration: Duration) async {
        // A client that would not come back is not told of a stream for nothing.
        guard streams.canSuspend, let number = stream() else { return }
        streams.suspend(number, for: duration)
    }

    /// The stream, which is opened if there is none yet; `nil` if there can be none any longer.
    private func stream() -> SessionStreams.Number? {
        state.withLock { state in
            switch state {
            case .silent:
                guard let number = streams.open(sink) else { return nil }
                state = .streaming(number)
                return number
            case .streaming(let number):
                return number
            case .ended:
                return nil
            }
        }
    }

    /// Sends the answer as the last event if there is a stream.
    func finish(_ answer: ByteBuffer) -> Bool {
        let number = state.withLock { state -> SessionStreams.Number? in
            defer { state = .ended }
            if case .streaming(let number) = state { return number }
            return nil
        }
        guard let number else { return false }
        streams.finish(number, answer)
        return true
    }

    /// The connection has gone. A client that knows of a stream may come back for it.
    func clientLeft() {
        let number = state.withLock { state -> SessionStreams.Number? in
            switch state {
            case .silent:
                state = .ended
                return nil
            case .streaming(let number): return number
            case .ended: return nil
            }
        }
        if let number { streams.detach(number, sink) }
    }
}
