import MCPServer
import NIOCore
import Wire

/// What `process_data` is asked to do, and how its answer is put together.
struct DataRequest: Sendable {
    /// The text of the object, as it came.
    let data: ByteBuffer
    /// What is to be done with it, as the caller spelt it.
    let operation: String

    /// What `arguments` ask for. Throws what is wrong with them.
    init(_ arguments: ToolArguments) throws(ToolInputError) {
        data = try arguments.object("data")
        operation = try arguments.string("operation")
    }

    /// Does all of the work: the part of the answer that depends on the request and the time only, as an object with
    /// `processed_at` and `result`.
    func outcome() -> ByteBuffer {
        var run = DataRun(self)
        run.advance(by: .max)
        return run.outcome()
    }

    /// The answer with an outcome, which may be that of an equal request: an object with `operation`, `input_size`,
    /// `processed_at` and `result`.
    func answer(_ outcome: ByteBuffer) -> ByteBuffer {
        var json = ByteBuffer()
        json.reserveCapacity(outcome.readableBytes &+ operation.utf8.count &+ 64)
        json.writeStaticString("{\"operation\":")
        json.writeJSONString(operation)
        json.writeStaticString(",\"input_size\":")
        json.writeDecimal(data.readableBytes)
        json.writeStaticString(",")
        // Without its opening brace.
        var members = outcome
        members.moveReaderIndex(forwardBy: min(1, members.readableBytes))
        json.writeImmutableBuffer(members)
        return json
    }
}
