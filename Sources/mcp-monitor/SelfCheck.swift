import NIOCore
import Transport

/// Asks a running monitor whether it is well, as `--healthcheck` does.
enum SelfCheck {
    /// How long that may take by default: containers are given two seconds for it.
    static let timeout = TimeAmount.milliseconds(1_500)

    /// Why the monitor that listens at `address` is not well; `nil` if it is.
    static func run(
        _ address: ListenAddress, within limit: TimeAmount = SelfCheck.timeout, on executor: LoopExecutor
    ) async -> String? {
        let answer = await SingleRequest.send(
            "GET", "/health", to: BackendAddress(ofListenerOn: address.host, port: address.port), timeout: limit,
            network: NIONetwork(), executor: executor)
        guard let answer else { return "no monitor answers at \(address)" }
        return answer.status == 200 ? nil : "the monitor at \(address) answers \(answer.status)"
    }
}
