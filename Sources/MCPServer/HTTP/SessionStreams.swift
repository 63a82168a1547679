import NIOCore
import Synchronization
import Wire

/// The event streams of one session: which connection carries each at the moment, and the events that are kept for a
/// client that comes back with `Last-Event-ID` (MCP 2025-03-26 and later, Streamable HTTP, Resumability).
///
/// ```
/// request 7 ──▶ stream 3 ──▶ events 3-1 3-2 3-3 … ──▶ sink (a connection), or nobody until the client is back
/// anything  ──▶ stream 0 ──▶ events 0-1 …         ──▶ the sink of the client's GET
/// ```
///
/// Streams of different loops meet here, so all of it is behind one lock, under which sinks are only told to do something.
final class SessionStreams: Sendable {
    /// Which stream of the session; 0 is the one that belongs to no request.
    typealias Number = Int

    /// Why a stream is not to be had.
    enum Refusal: Error {
        /// There is no such event, or what followed it is not kept any longer.
        case unknown
        /// Another connection carries it.
        case taken
    }

    private struct Stream {
        /// Events that are kept, in order: their place and their bytes.
        var events: [(place: Int, bytes: ByteBuffer)] = []
        var lastPlace = 0
        /// The last event that some connection was given.
        var deliveredPlace = 0
        var sink: (any EventSink)?
        var isFinished = false

        /// Some connection was given all of it.
        mutating func noteDelivery() {
            deliveredPlace = lastPlace
        }
    }

    private struct State {
        var streams: [Number: Stream] = [0: Stream()]
        var lastNumber: Number = 0
        /// The streams of the kept events, oldest event first.
        var order: [Number] = []
        var keptBytes = 0
        var isEnded = false
    }

    /// How long clients wait before they connect again, unless told otherwise.
    private static let retry = Duration.seconds(1)

    /// Whether streams begin with an event that has an id and no data; clients of older revisions choke on one.
    private let primes: Bool
    private let capacity: Int
    private let budget: EventBudget
    private let state = Mutex(State())

    /// The streams of a session of this revision, which keeps at most `capacity` bytes of events, out of `budget`.
    init(_ version: MCPProtocolVersion, capacity: Int, budget: EventBudget) {
        primes = version >= .v2025_11_25
        self.capacity = capacity
        self.budget = budget
    }

    deinit {
        budget.give(state.withLock { $0.keptBytes })
    }

    /// Whether clients of this revision come back when they are let go.
    var canSuspend: Bool { primes }

    /// Whether a connection carries the stream that belongs to no request.
    var hasListener: Bool { state.withLock { $0.streams[0]?.sink != nil } }

    // MARK: Connections

    /// Opens a stream for a request whose connection is `sink`; `nil` after the end of the session.
    func open(_ sink: any EventSink) -> Number? {
        state.withLock { state in
            guard !state.isEnded else { return nil }
            state.lastNumber += 1
            let number = state.lastNumber
            state.streams[number] = Stream(sink: sink)
            if let head = opening(number, 0) { _ = sink.send(head) }
            return number
        }
    }

    /// Lets `sink` carry the stream that belongs to no request, from what no connection was given on. Refuses a second one.
    func listen(_ sink: any EventSink) throws(Refusal) {
        let refusal = state.withLock { state -> Refusal? in
            guard !state.isEnded, let stream = state.streams[0] else { return .unknown }
            guard stream.sink == nil else { return .taken }
            attach(0, after: stream.deliveredPlace, sink, &state)
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Lets `sink` carry a stream from behind an event on. The connection that had it is ended: the client has another now.
    func resume(after id: EventID, _ sink: any EventSink) throws(Refusal) {
        let refusal = state.withLock { state -> Refusal? in
            guard !state.isEnded, let stream = state.streams[id.stream], id.place <= stream.lastPlace,
                id.place == stream.lastPlace || (stream.events.first?.place ?? .max) <= id.place + 1
            else { return .unknown }
            stream.sink?.finish(ByteBuffer())
            attach(id.stream, after: id.place, sink, &state)
            return nil
        }
        if let refusal { throw refusal }
    }

    /// The connection of a stream has gone.
    func detach(_ number: Number, _ sink: any EventSink) {
        state.withLock { state in
            guard state.streams[number]?.sink === sink else { return }
            state.streams[number]?.sink = nil
        }
    }

    /// Lets the client go that listens to what belongs to no request.
    func releaseListener() {
        state.withLock { state in
            state.streams[0]?.sink?.finish(ByteBuffer())
            state.streams[0]?.sink = nil
        }
    }

    /// Lets the client go for `duration`; it comes back for the rest. Clients of older revisions do not, so they stay.
    func suspend(_ number: Number, for duration: Duration) {
        guard primes else { return }
        state.withLock { state in
            guard let sink = state.streams[number]?.sink else { return }
            let event = append(number, &state) { id in
                var event = ByteBuffer()
                id.writeLine(into: &event)
                SSEEvent(data: ByteBuffer(), retry: duration).write(into: &event)
                return event
            }
            state.streams[number]?.sink = nil
            state.streams[number]?.noteDelivery()
            sink.finish(event ?? ByteBuffer())
        }
    }

    private func attach(_ number: Number, after place: Int, _ sink: any EventSink, _ state: inout State) {
        guard var stream = state.streams[number] else { return }
        var rest = opening(number, place) ?? ByteBuffer()
        for event in stream.events where event.place > place { rest.writeImmutableBuffer(event.bytes) }
        stream.noteDelivery()
        if stream.isFinished {
            sink.finish(rest)
        } else {
            _ = sink.send(rest)
            stream.sink = sink
        }
        state.streams[number] = stream
    }

    /// What tells a client with which id it may come back, before there is an event.
    private func opening(_ number: Number, _ place: Int) -> ByteBuffer? {
        guard primes else { return nil }
        var event = ByteBuffer()
        EventID(stream: number, place: place).writeLine(into: &event)
        SSEEvent(data: ByteBuffer(), retry: SessionStreams.retry).write(into: &event)
        return event
    }

    // MARK: Messages

    /// Sends a message on a stream; returns when its client takes more. `false` if it can no longer reach the client.
    func send(_ message: ByteBuffer, on number: Number) async -> Bool {
        let sent = post(message, on: number)
        // A loop that has ended takes nothing more, as a client that has gone.
        if let future = sent.future { try? await future.get() }
        return sent.isKept
    }

    /// Sends a message on a stream without waiting for anybody.
    @discardableResult
    func post(_ message: ByteBuffer, on number: Number) -> (isKept: Bool, future: EventLoopFuture<Void>?) {
        state.withLock { state in
            guard !state.isEnded, let event = appendMessage(message, number, &state) else { return (false, nil) }
            guard let sink = state.streams[number]?.sink else { return (true, nil) }
            state.streams[number]?.noteDelivery()
            return (true, sink.send(event))
        }
    }

    /// Ends the stream of a request with its answer, which is kept if the client is away.
    func finish(_ number: Number, _ answer: ByteBuffer) {
        state.withLock { state in
            guard !state.isEnded, let event = appendMessage(answer, number, &state) else { return }
            state.streams[number]?.isFinished = true
            state.streams[number]?.sink?.finish(event)
            state.streams[number]?.sink = nil
        }
    }

    /// Ends everything: the session is over.
    func end() {
        let sinks = state.withLock { state -> [any EventSink] in
            guard !state.isEnded else { return [] }
            defer {
                budget.give(state.keptBytes)
                state = State(streams: [:], isEnded: true)
            }
            return state.streams.values.compactMap(\.sink)
        }
        for sink in sinks { sink.finish(ByteBuffer()) }
    }

    // MARK: Keeping

    private func appendMessage(_ message: ByteBuffer, _ number: Number, _ state: inout State) -> ByteBuffer? {
        append(number, &state) { id in
            var event = ByteBuffer()
            event.reserveCapacity(message.readableBytes + 64)
            id.writeLine(into: &event)
            event.writeImmutableBuffer(AnswerForm.event(message))
            return event
        }
    }

    private func append(_ number: Number, _ state: inout State, _ make: (EventID) -> ByteBuffer) -> ByteBuffer? {
        guard let stream = state.streams[number], !stream.isFinished else { return nil }
        let place = stream.lastPlace + 1
        let event = make(EventID(stream: number, place: place))
        state.streams[number]?.lastPlace = place
        let count = event.readableBytes
        while !state.order.isEmpty, state.keptBytes + count > capacity { dropOldest(&state) }
        guard count <= capacity else {
            // Not kept, nor what came before it: a client that has missed it must not take what is left for all.
            while state.streams[number]?.events.isEmpty == false { dropOldest(&state) }
            return event
        }
        while !budget.take(count) {
            guard !state.order.isEmpty else { return event }
            dropOldest(&state)
        }
        state.streams[number]?.events.append((place, event))
        state.order.append(number)
        state.keptBytes += count
        return event
    }

    private func dropOldest(_ state: inout State) {
        let number = state.order.removeFirst()
        guard let event = state.streams[number]?.events.removeFirst() else { return }
        let count = event.bytes.readableBytes
        state.keptBytes -= count
        budget.give(count)
        // Nobody can come back to a stream that is over and of which nothing is left.
        if number != 0, let stream = state.streams[number], stream.isFinished, stream.events.isEmpty {
            state.streams[number] = nil
        }
    }
}

extension SessionStreams: MessageOutlet {
    /// Sends a message that belongs to no request.
    func send(_ message: ByteBuffer) async -> Bool { await send(message, on: 0) }

    /// Sends a message that belongs to no request, without waiting for anybody.
    func post(_ message: ByteBuffer) { post(message, on: 0) }
}
