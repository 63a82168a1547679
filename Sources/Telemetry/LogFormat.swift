/// How log lines are written.
package enum LogFormat: String, CaseIterable, Sendable {
    /// One JSON object a line, for machines.
    case json
    /// Time, level, logger, message and `key=value` pairs, for people.
    case text
}
