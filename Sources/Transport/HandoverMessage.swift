/// What two gateways say to each other while one takes over the sockets of the other.
///
/// On the wire: `MCPH`, version, kind, number of descriptors (16 bits), length of the body (16 bits), body. Numbers are
/// big-endian. The descriptors travel with the first byte.
enum HandoverMessage: Equatable {
    /// New to old: let me have your sockets.
    case ask
    /// Old to new: sockets of one address.
    case socket(HandedSocket)
    /// Old to new: that was the last one.
    case end
    /// New to old: all that could fail has been done. Now stop accepting.
    case ready
    /// Old to new: I accept no more. It is your turn.
    case released
    /// New to old: I accept.
    case taken

    /// A peer with another number is refused.
    static let version: UInt8 = 1
    /// A name and an address, with room.
    static let maximumBodyBytes = 1_024
    private static let magic = Array("MCPH".utf8)
    private static let headBytes = 10

    /// Sends this message.
    ///
    /// - Throws: `HandoverError`; `malformed` when a name or an address is too long, or there are too many descriptors.
    func send(over connection: CInt, by deadline: ContinuousClock.Instant) throws(HandoverError) {
        var body: [UInt8] = []
        var descriptors: [CInt] = []
        let kind: UInt8
        switch self {
        case .ask: kind = 0
        case .socket(let socket):
            kind = 1
            guard let length = UInt8(exactly: socket.name.utf8.count) else { throw .malformed("a long name") }
            body = [length] + socket.name.utf8 + socket.address.utf8
            descriptors = socket.descriptors
        case .end: kind = 2
        case .ready: kind = 3
        case .released: kind = 4
        case .taken: kind = 5
        }
        guard body.count <= HandoverMessage.maximumBodyBytes else { throw .malformed("a long address") }
        guard descriptors.count <= DescriptorPassing.maximumDescriptors else {
            throw .malformed("too many descriptors")
        }
        let head =
            HandoverMessage.magic + [HandoverMessage.version, kind]
            + [descriptors.count, body.count].flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        try DescriptorPassing.send(head + body, descriptors, over: connection, by: deadline)
    }

    /// The next message. Descriptors of anything that is refused are closed.
    ///
    /// - Throws: `HandoverError`.
    static func receive(
        over connection: CInt, by deadline: ContinuousClock.Instant
    ) throws(HandoverError) -> HandoverMessage {
        let (head, descriptors) = try DescriptorPassing.receive(headBytes, over: connection, by: deadline)
        // Ended with `close` wherever this throws.
        let held = HandedSocket(name: "", address: "", descriptors: descriptors)
        do throws(HandoverError) {
            guard head.starts(with: magic) else { throw .malformed("unknown first bytes") }
            guard head[4] == version else { throw .version(head[4]) }
            let (count, length) = (Int(head[6]) << 8 | Int(head[7]), Int(head[8]) << 8 | Int(head[9]))
            guard count == descriptors.count else {
                throw .malformed("\(descriptors.count) descriptors instead of \(count)")
            }
            guard length <= maximumBodyBytes else { throw .malformed("a body of \(length) bytes") }
            let (body, late) = try DescriptorPassing.receive(length, over: connection, by: deadline)
            guard late.isEmpty else {
                HandedSocket(name: "", address: "", descriptors: late).close()
                throw .malformed("descriptors in the body")
            }
            return try HandoverMessage(kind: head[5], body: body, descriptors: descriptors)
        } catch {
            held.close()
            throw error
        }
    }

    private init(kind: UInt8, body: [UInt8], descriptors: [CInt]) throws(HandoverError) {
        if kind == 1 {
            guard let length = body.first.map(Int.init), length < body.count, !descriptors.isEmpty else {
                throw .malformed("a socket without a name or a descriptor")
            }
            self = .socket(
                HandedSocket(
                    name: String(decoding: body[1..<(length + 1)], as: UTF8.self),
                    address: String(decoding: body[(length + 1)...], as: UTF8.self), descriptors: descriptors))
            return
        }
        guard body.isEmpty, descriptors.isEmpty else { throw .malformed("a body where there is none") }
        switch kind {
        case 0: self = .ask
        case 2: self = .end
        case 3: self = .ready
        case 4: self = .released
        case 5: self = .taken
        default: throw .malformed("kind \(kind)")
        }
    }
}
