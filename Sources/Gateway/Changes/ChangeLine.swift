import Wire

/// What brings the news of one backend.
protocol ChangeLine: AnyObject {
    /// The resources that it names, or will.
    var resources: Set<[UInt8]> { get }
    /// Names resources that have come since.
    func subscribe(to resources: Set<[UInt8]>)
    /// Asks whether the backend still knows the line.
    func ping()
    /// Ends the line; nothing more is told by it. `done` is called when all is said.
    func close(_ done: @escaping () -> Void)
}

/// What a line tells.
enum ChangeLineEvent {
    /// News come from now on.
    case acknowledged(takesResources: Bool)
    /// The line did not come about; it has closed itself.
    case refused(ListeningMachine.Refusal)
    /// A sign of life.
    case heard(isKeepAlive: Bool)
    /// These have changed.
    case changed([CacheTopic])
    /// From now on it tells of this resource.
    case subscribed(to: [UInt8])
    /// It has ended, and closed itself.
    case lost
}

extension ListeningMachine.Refusal {
    /// What the status of an answer means that is not what was asked for; `errorCode` is that of its body, if it is a
    /// JSON-RPC error.
    init(status: Int, errorCode: Int64?) {
        switch status {
        case 408, 425, 429: self = .failed
        case 501: self = .notOffered
        case 200..<300, 400..<500:
            switch errorCode {
            case .some(-32_602): self = .badRequest
            // Too many who listen, or trouble of the server's own.
            case .some(-32_603): self = .failed
            default: self = .notOffered
            }
        default: self = .failed
        }
    }
}
