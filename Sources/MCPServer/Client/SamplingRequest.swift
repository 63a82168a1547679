import NIOCore
public import Wire

/// A question to the language model of a client (MCP, Sampling). Deprecated since 2026-07-28, and in use.
public struct SamplingRequest: Sendable {
    /// One turn of the conversation.
    public struct Message: Hashable, Sendable {
        /// Who speaks.
        public enum Role: String, Hashable, Sendable {
            /// The one who asks.
            case user
            /// The language model.
            case assistant
        }

        /// Who speaks.
        public var role: Role
        /// Text, a picture or sound.
        public var content: ContentBlock

        /// A turn.
        public init(_ role: Role, _ content: ContentBlock) {
            self.role = role
            self.content = content
        }
    }

    /// The conversation so far.
    public var messages: [Message]
    /// The length of the answer, in tokens, 1….
    public var maxTokens: Int
    /// What the model is told to be.
    public var systemPrompt: String?
    /// How much chance there is, 0….
    public var temperature: Double?
    /// Texts at which the model stops.
    public var stopSequences: [String]
    /// Which models would be good: `ModelPreferences` of MCP's schema.
    public var modelPreferences: JSONValue?
    /// Tools that the model may use: an array of `Tool` of MCP's schema. Clients from 2025-11-25 on that declare it.
    public var tools: JSONValue?
    /// Whether it has to use one: `ToolChoice` of MCP's schema.
    public var toolChoice: JSONValue?

    /// A conversation.
    public init(
        _ messages: [Message], maxTokens: Int, systemPrompt: String? = nil, temperature: Double? = nil,
        stopSequences: [String] = [], modelPreferences: JSONValue? = nil, tools: JSONValue? = nil,
        toolChoice: JSONValue? = nil
    ) {
        self.messages = messages
        self.maxTokens = maxTokens
        self.systemPrompt = systemPrompt
        self.temperature = temperature
        self.stopSequences = stopSequences
        self.modelPreferences = modelPreferences
        self.tools = tools
        self.toolChoice = toolChoice
    }

    /// One question.
    public init(_ text: String, maxTokens: Int) {
        self.init([Message(.user, .text(text))], maxTokens: maxTokens)
    }

    /// The parameters as the revision knows them.
    func parameters(_ version: MCPProtocolVersion) -> JSONValue {
        var parameters: JSONObject = [
            "messages": .array(
                messages.map { message in
                    var content = ByteBuffer()
                    message.content.write(into: &content, version: version)
                    let value = content.withByteView { try? JSONValue.parse($0) }
                    return ["role": .string(message.role.rawValue), "content": value ?? .null]
                }),
            "maxTokens": .integer(maxTokens),
        ]
        parameters["systemPrompt"] = systemPrompt.map { .string($0) }
        parameters["temperature"] = temperature.map { .double($0) }
        if !stopSequences.isEmpty { parameters["stopSequences"] = .array(stopSequences.map { .string($0) }) }
        parameters["modelPreferences"] = modelPreferences
        parameters["tools"] = tools
        parameters["toolChoice"] = toolChoice
        return .object(parameters)
    }
}

/// What the language model of a client has said.
public struct SamplingResult: Sendable {
    /// The blocks of the answer, as they came: text, pictures, sound, uses of tools.
    public var content: [JSONValue]
    /// The model that was asked.
    public var model: String
    /// Why it stopped.
    public var stopReason: String?

    /// The texts of the answer, joined.
    public var text: String {
        content.filter { $0["type"] == "text" }.compactMap { $0["text"]?.stringValue }.joined()
    }

    /// What a `CreateMessageResult` says.
    init(_ result: JSONValue) throws(ClientRequestError) {
        guard let content = result["content"], let model = result["model"]?.stringValue else {
            throw .invalidAnswer("content and model are required")
        }
        let blocks = content.arrayValue ?? [content]
        guard !blocks.isEmpty, blocks.allSatisfy({ $0["type"]?.stringValue != nil }) else {
            throw .invalidAnswer("content must be blocks with a type")
        }
        self.content = blocks
        self.model = model
        stopReason = result["stopReason"]?.stringValue
    }
}
