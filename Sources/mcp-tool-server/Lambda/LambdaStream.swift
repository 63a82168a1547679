import NIOCore
import Wire

/// An answer on its way to the Runtime API, piece by piece. Belongs to its loop.
final class LambdaStream {
    private let connection: LambdaConnection
    /// What Lambda has answered before the end: no more is wanted.
    private var refusal: Int?

    /// The stream whose request `connection` has begun.
    init(_ connection: LambdaConnection) {
        self.connection = connection
    }

    /// Sends a piece of the body, which must not be empty; returns when the socket has taken it, and whether more is wanted.
    func write(_ piece: ByteBuffer) async throws(RuntimeAPI.Failure) -> Bool {
        var chunk = ByteBuffer()
        chunk.reserveCapacity(piece.readableBytes &+ 32)
        chunk.writeChunk(piece)
        return try await send(chunk, isComplete: false)
    }

    /// Ends the body, with a failure if it is not complete; the status, 202 if all is well.
    func finish(_ failure: LambdaFailure? = nil) async throws(RuntimeAPI.Failure) -> Int {
        defer { connection.close() }
        var end = ByteBuffer()
        end.writeStaticString("0\r\n")
        if let failure {
            var text: [UInt8] = []
            failure.json.withByteView { Base64.encode($0, into: &text) }
            end.writeString("Lambda-Runtime-Function-Error-Type: \(failure.type)\r\n")
            end.writeString("Lambda-Runtime-Function-Error-Body: \(String(decoding: text, as: UTF8.self))\r\n")
        }
        end.writeStaticString("\r\n")
        _ = try await send(end, isComplete: true)
        if let refusal { return refusal }
        do throws(LambdaConnection.Failure) {
            return try await connection.answerHead().status
        } catch {
            throw RuntimeAPI.Failure(description: "streaming: \(error)")
        }
    }

    private func send(_ bytes: ByteBuffer, isComplete: Bool) async throws(RuntimeAPI.Failure) -> Bool {
        guard refusal == nil else { return false }
        do throws(LambdaConnection.Failure) {
            try await connection.sendMore(bytes, isComplete: isComplete)
            return true
        } catch {
            guard let head = connection.head else { throw RuntimeAPI.Failure(description: "streaming: \(error)") }
            refusal = head.status
            return false
        }
    }
}

@available(*, unavailable)
extension LambdaStream: Sendable {}
