import Wire

extension ToolArguments {
    /// The arguments as a value of `type`. Throws `ToolInputError` that says what is missing or wrong, and where.
    public func decode<T: Decodable>(_ type: T.Type) throws -> T {
        do {
            return try json.withByteView { try JSONValue.parse($0) }.decode(type)
        } catch let error as DecodingError {
            throw ToolInputError(error)
        }
    }
}

extension ToolInputError {
    /// What a decoder has found wrong.
    init(_ error: DecodingError) {
        let context =
            switch error {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
                .dataCorrupted(let context):
                context
            @unknown default:
                DecodingError.Context(codingPath: [], debugDescription: "the arguments cannot be read")
            }
        let path = context.codingPath.map { "/" + JSONPointer.escaped($0.stringValue) }.joined()
        let text = path.isEmpty ? context.debugDescription : "\(path): \(context.debugDescription)"
        self.init(SchemaReport.shown(text, 1_000))
    }
}
