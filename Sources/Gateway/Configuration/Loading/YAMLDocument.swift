import Foundation
import Synchronization
import Yams

/// The one document of a configuration file: the only place that knows the YAML parser.
///
/// The parser gives up at the first thing that is not YAML, and at the first mapping with a repeated name. Of two equal
/// names the earlier is changed and the text read again, so that all complaints about a file come at once.
struct YAMLDocument: Sendable {
    /// The top of the document; nil when the file is not YAML or empty.
    private(set) var root: YAMLNode?
    /// Why `root` is nil; nil for an empty file too.
    private(set) var problem: ConfigurationProblem?

    /// The names that were changed in the text, by their place.
    private var maskedNames: [ConfigurationPosition: String] = [:]

    /// Parsing descends into the text by recursion, up to 2,000 levels, which the stacks of some threads do not hold.
    private static let stackByteCount = 64 << 20
    private static let aliasMessage = "YAML anchors and aliases are not supported"
    /// So much text is read again for the sake of repeated names.
    private static let maximumRereadByteCount = 524_288
    /// No key of a configuration is as deep as this.
    private static let maximumDepth = 16

    /// Reads a document. Blocks until a thread of its own has done it.
    init(_ text: ConfigurationText) {
        let box = ResultBox()
        let thread = Thread { box.put(YAMLDocument(parsing: text)) }
        thread.stackSize = Self.stackByteCount
        thread.start()
        self = box.take()
    }

    /// Nothing.
    fileprivate init() {}

    private init(parsing original: ConfigurationText) {
        var text = original
        // The parser asserts that there is input.
        guard !text.text.isEmpty else { return }
        let rounds = min(
            ConfigurationRejection.maximumProblemCount, Self.maximumRereadByteCount / text.text.utf8.count)
        while true {
            do {
                guard let node = try Parser(yaml: text.text, resolver: .basic, encoding: .utf8).singleRoot() else {
                    return
                }
                root = convert(node, depth: 0)
                return
            } catch YamlError.duplicatedKeysInMapping(let names, let context) {
                let position = ConfigurationPosition(context.mark)
                let name = names.first ?? ""
                guard maskedNames.count < rounds, maskedNames[position] == nil, text.maskName(at: position) else {
                    problem = ConfigurationProblem(at: position, "the key \(name.shown) is repeated")
                    return
                }
                maskedNames[position] = name
            } catch {
                problem = Self.problem(error, in: text.text)
                return
            }
        }
    }

    private static func problem(_ error: any Error, in text: String) -> ConfigurationProblem {
        switch error {
        case YamlError.scanner(let context, let problem, let mark, _),
            YamlError.parser(let context, let problem, let mark, _):
            let position = ConfigurationPosition(mark)
            if let index = text.index(of: position), index < text.endIndex, text.unicodeScalars[index] == "\t" {
                return ConfigurationProblem(at: position, "is not valid YAML: a tab cannot indent, only spaces can")
            }
            if problem.hasPrefix("Maximum nesting level") {
                return ConfigurationProblem(at: position, "is nested too deeply")
            }
            let start = context.map { " (\($0.text), line \($0.mark.line))" } ?? ""
            return ConfigurationProblem(at: position, "is not valid YAML: \(problem)\(start)")
        case YamlError.composer(_, let problem, let mark, _):
            return ConfigurationProblem(
                at: ConfigurationPosition(mark),
                problem == "found undefined alias"
                    ? aliasMessage : "a configuration is a single YAML document")
        default:
            return ConfigurationProblem(at: .start, "is not valid YAML")
        }
    }

    /// The value in our own terms. What a configuration may not hold becomes `unusable`, so that whoever reads it can
    /// say under which key it stands.
    private func convert(_ node: Node, depth: Int, isKey: Bool = false) -> YAMLNode {
        let position = node.mark.map { ConfigurationPosition($0) } ?? .start
        guard depth <= Self.maximumDepth else {
            return YAMLNode(
                content: .unusable("is nested more than \(Self.maximumDepth) levels deep"), position: position)
        }
        return YAMLNode(content: content(of: node, depth: depth, isKey: isKey), position: position)
    }

    private func content(of node: Node, depth: Int, isKey: Bool) -> YAMLNode.Content {
        let hasTag: Bool
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain
            // The parser gives the tag of text to what is quoted, and to keys when it compares them.
            let mayBeText = !isPlain || isKey
            hasTag = !(scalar.tag.rawValue.isEmpty || mayBeText && scalar.tag.rawValue == Tag.Name.str.rawValue)
            if !hasTag { return .scalar(scalar.string, isPlain: isPlain) }
        case .sequence(let sequence):
            hasTag = !isKey && !sequence.tag.rawValue.isEmpty
            if !hasTag { return .sequence(sequence.map { convert($0, depth: depth + 1) }) }
        case .mapping(let mapping):
            hasTag = !isKey && !mapping.tag.rawValue.isEmpty
            if !hasTag { return .mapping(mapping.map { entry($0.key, convert($0.value, depth: depth + 1)) }) }
        case .alias:
            hasTag = false
        }
        return .unusable(hasTag ? "YAML tags such as !!int are not supported" : Self.aliasMessage)
    }

    private func entry(_ key: Node, _ value: YAMLNode) -> YAMLEntry {
        let node = convert(key, depth: Self.maximumDepth, isKey: true)
        let name: String
        let nameProblem: String?
        switch node.content {
        case .scalar(let text, _):
            name = maskedNames[node.position] ?? text
            nameProblem = nil
        case .unusable(let message):
            name = "?"
            nameProblem = message
        case .sequence, .mapping:
            name = "?"
            nameProblem = "a key must be text, is \(node.shownKind)"
        }
        return YAMLEntry(
            name: name, nameProblem: nameProblem, position: node.position,
            isNameLiteral: node.isNull || node.isPlainLiteral, value: value)
    }
}

/// Carries a document from the thread that read it to the one that waits.
private final class ResultBox: Sendable {
    private let document = Mutex(YAMLDocument())
    private let isDone = DispatchSemaphore(value: 0)

    func put(_ document: YAMLDocument) {
        self.document.withLock { $0 = document }
        isDone.signal()
    }

    func take() -> YAMLDocument {
        isDone.wait()
        return document.withLock { $0 }
    }
}

extension ConfigurationPosition {
    /// A mark of the parser.
    fileprivate init(_ mark: Mark) {
        self.init(line: max(1, mark.line), column: max(1, mark.column))
    }
}
