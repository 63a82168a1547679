import Wire

/// What a generation is counted for in Redis: a topic, one of 1,024 groups of resources, or everything.
package struct GenerationField: Hashable, Sendable {
    /// How many groups there are: enough that a change makes little else void, few enough to be read at once.
    static let groupCount: UInt16 = 1_024
    private static let names = ["all", "discovery", "tools", "prompts", "resources"]

    /// Below `groupCount` a group, above it a place in `names`.
    private let code: UInt16

    private init(code: UInt16) {
        self.code = code
    }

    /// Everything in the pool.
    package static let everything = GenerationField(code: groupCount)

    /// The field in which `topic` is counted.
    package init(_ topic: CacheTopic) {
        code =
            switch topic {
            case .discovery: GenerationField.groupCount + 1
            case .tools: GenerationField.groupCount + 2
            case .prompts: GenerationField.groupCount + 3
            case .resources: GenerationField.groupCount + 4
            case .resource(let uri): GenerationField.group(of: uri)
            case .resourceGroup(let group): group % GenerationField.groupCount
            }
    }

    /// The field with this name; `nil` for names that nobody knows.
    package init?(named name: String) {
        if let place = GenerationField.names.firstIndex(of: name) {
            code = GenerationField.groupCount + UInt16(place)
        } else if name.hasPrefix("r"), let group = UInt16(name.dropFirst()), group < GenerationField.groupCount {
            code = group
        } else {
            return nil
        }
    }

    /// The name of the field; at most 9 bytes.
    package var name: String {
        code < GenerationField.groupCount
            ? "r\(code)" : GenerationField.names[Int(code - GenerationField.groupCount)]
    }

    /// What is counted here; `nil` for everything.
    package var topic: CacheTopic? {
        switch code {
        case GenerationField.groupCount: nil
        case GenerationField.groupCount + 1: .discovery
        case GenerationField.groupCount + 2: .tools
        case GenerationField.groupCount + 3: .prompts
        case GenerationField.groupCount + 4: .resources
        default: .resourceGroup(code)
        }
    }

    /// The group that the resource of `uri` is in. The same on all gateways, whatever their secrets: a gateway with another
    /// one must not miss a change. Who makes URIs meet in a group on purpose gains that they become void together.
    package static func group(of uri: [UInt8]) -> UInt16 {
        let hash = uri.withUnsafeBytes {
            SipHash.hash(ByteView($0), key: (0x6D63_702D_6761_7465, 0x7761_7920_7265_7321))
        }
        return UInt16(truncatingIfNeeded: hash) % groupCount
    }
}
