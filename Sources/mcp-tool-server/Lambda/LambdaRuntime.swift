import Logging
import NIOCore
import Transport
import Wire

/// Takes events from the Runtime API, one after another, and has each answered by the HTTP server of this process.
///
/// An event becomes a real request to that server, so every route and every rule is as over HTTP. What is wrong with an event
/// or its answer is reported and logged, and the next event comes; only without the Runtime API nothing goes on.
actor LambdaRuntime {
    nonisolated let executor: LoopExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let api: RuntimeAPI
    private let logger: Logger

    /// A runtime on `executor`'s loop, whose events come from `address`.
    init(_ address: BackendAddress, executor: LoopExecutor, logger: Logger) {
        self.executor = executor
        self.logger = logger
        api = RuntimeAPI(address, on: executor.eventLoop)
    }

    /// Says that the process cannot start.
    func failToStart(_ reason: String) async throws(RuntimeAPI.Failure) {
        _ = try await api.failToStart(.cannotStart(reason))
    }

    /// Serves events until `stop`, through the server that listens at `path`.
    ///
    /// - Parameter streams: whether answers go out while they are made.
    /// - Throws: when the Runtime API cannot be used any more.
    func run(server path: String, streams: Bool) async throws(RuntimeAPI.Failure) {
        while let invocation = try await api.next() {
            try await serve(invocation, path, streams: streams)
        }
    }

    /// Takes no more events; one that is being served is answered.
    func stop() {
        api.stop()
    }

    // MARK: One event

    private func serve(_ invocation: LambdaInvocation, _ path: String, streams: Bool) async throws(RuntimeAPI.Failure) {
        let event: LambdaEvent
        do throws(LambdaEventError) {
            event = try LambdaEvent(parsing: invocation.event)
        } catch {
            return try await report(.badEvent(error), invocation)
        }
        let eventLoop = executor.eventLoop
        let connection = LambdaConnection(eventLoop)
        let bound = NIOLoopBound(connection, eventLoop: eventLoop)
        let timer = invocation.milliseconds(at: WallClock.milliseconds()).map { milliseconds in
            // The server cancels the handler whose client leaves.
            eventLoop.scheduleTask(in: .milliseconds(milliseconds)) { bound.value.close(.expired) }
        }
        defer {
            timer?.cancel()
            connection.close()
        }
        let head: LambdaAnswer.Head
        do throws(LambdaConnection.Failure) {
            try await connection.connect(to: .socket(path))
            connection.send(event.request(traceID: invocation.traceID))
            head = try await connection.answerHead()
        } catch {
            return try await answer(instead(error), event, invocation, streams: streams)
        }
        if streams {
            try await stream(head, from: connection, hasBody: event.method != "HEAD", invocation)
        } else {
            try await collect(head, from: connection, event, invocation)
        }
    }

    /// What is said in place of an answer that did not come.
    private func instead(_ failure: LambdaConnection.Failure) -> LambdaAnswer {
        guard failure == .expired else {
            logger.error("the server of this process did not answer", metadata: ["error": "\(failure)"])
            return .failure(.badAnswer)
        }
        logger.warning("an event was not answered before its deadline")
        return .failure(.timeout)
    }

    private func collect(
        _ head: LambdaAnswer.Head, from connection: LambdaConnection, _ event: LambdaEvent,
        _ invocation: LambdaInvocation
    ) async throws(RuntimeAPI.Failure) {
        let body: ByteBuffer?
        do throws(LambdaConnection.Failure) {
            body = try await connection.wholeBody(maximum: RuntimeAPI.maximumAnswerBytes)
        } catch {
            return try await answer(instead(error), event, invocation, streams: false)
        }
        guard let body else { return try await report(.tooLarge, invocation) }
        try await answer(LambdaAnswer(head: head, body: body), event, invocation, streams: false)
    }

    private func answer(
        _ answer: LambdaAnswer, _ event: LambdaEvent, _ invocation: LambdaInvocation, streams: Bool
    ) async throws(RuntimeAPI.Failure) {
        var answer = answer
        if event.method == "HEAD" { answer.body = ByteBuffer() }
        if streams {
            let stream = try await api.beginStream(invocation.id, answer.head.prelude())
            if answer.body.readableBytes > 0 { _ = try await stream.write(answer.body) }
            return check(try await stream.finish(), invocation)
        }
        let json = answer.json(event.form)
        guard json.readableBytes <= RuntimeAPI.maximumAnswerBytes else {
            return try await report(.tooLarge, invocation)
        }
        check(try await api.respond(to: invocation.id, json), invocation)
    }

    private func stream(
        _ head: LambdaAnswer.Head, from connection: LambdaConnection, hasBody: Bool, _ invocation: LambdaInvocation
    ) async throws(RuntimeAPI.Failure) {
        let stream = try await api.beginStream(invocation.id, head.prelude())
        while true {
            let piece: ByteBuffer?
            do throws(LambdaConnection.Failure) {
                piece = try await connection.nextPiece()
            } catch {
                let failure: LambdaFailure = error == .expired ? .deadline : .brokenAnswer
                logger.warning("an answer was cut", metadata: ["reason": "\(failure.message)"])
                return check(try await stream.finish(failure), invocation)
            }
            guard let piece else { return check(try await stream.finish(), invocation) }
            if hasBody, try await !stream.write(piece) {
                return check(try await stream.finish(.brokenAnswer), invocation)
            }
        }
    }

    private func report(_ failure: LambdaFailure, _ invocation: LambdaInvocation) async throws(RuntimeAPI.Failure) {
        logger.warning(
            "an event has failed",
            metadata: ["type": "\(failure.type)", "reason": "\(failure.message)", "requestID": "\(invocation.id)"])
        check(try await api.fail(invocation.id, failure), invocation)
    }

    private func check(_ status: Int, _ invocation: LambdaInvocation) {
        guard status != 202 else { return }
        logger.error(
            "Lambda did not take an answer", metadata: ["status": "\(status)", "requestID": "\(invocation.id)"])
    }
}
