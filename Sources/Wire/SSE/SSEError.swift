/// Why bytes of a peer are not an event stream that is relayed.
public enum SSEError: Error, Hashable, Sendable {
    /// An event is longer than the bound, its line ends and comments included.
    case eventTooLarge
}
