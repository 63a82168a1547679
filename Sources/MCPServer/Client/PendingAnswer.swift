import Synchronization
import Wire

/// An answer that a client owes: given once, waited for once.
final class PendingAnswer: Sendable {
    private enum State {
        case open
        case waiting(CheckedContinuation<Result<JSONValue, any Error>, Never>)
        case settled(Result<JSONValue, any Error>)
    }

    private let state = Mutex(State.open)

    /// The answer has come, or will not. Only the first time counts.
    func settle(_ result: Result<JSONValue, ClientRequestError>) {
        settleAny(result.mapError { $0 })
    }

    private func settleAny(_ result: Result<JSONValue, any Error>) {
        let continuation = state.withLock { state -> CheckedContinuation<Result<JSONValue, any Error>, Never>? in
            switch state {
            case .settled: return nil
            case .open:
                state = .settled(result)
                return nil
            case .waiting(let continuation):
                state = .settled(result)
                return continuation
            }
        }
        continuation?.resume(returning: result)
    }

    /// The answer; throws `ClientRequestError`, or `CancellationError` when the task is cancelled.
    func value(within timeout: Duration) async throws -> JSONValue {
        let timer = Task {
            try await Task.sleep(for: timeout)
            settle(.failure(.timedOut))
        }
        defer { timer.cancel() }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let settled = state.withLock { state -> Result<JSONValue, any Error>? in
                    if case .settled(let result) = state { return result }
                    state = .waiting(continuation)
                    return nil
                }
                if let settled { continuation.resume(returning: settled) }
            }
        } onCancel: {
            settleAny(.failure(CancellationError()))
        }
        return try result.get()
    }
}
