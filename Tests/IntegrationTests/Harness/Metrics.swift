/// Prometheus text, for looking up values.
struct Metrics: Sendable {
    let text: String

    init(_ text: String) {
        self.text = text
    }

    /// The sum of all samples of a metric that have these labels among theirs; 0 when there is none.
    func callAsFunction(_ name: String, _ labels: KeyValuePairs<String, String> = [:]) -> Double {
        var sum = 0.0
        for line in text.split(separator: "\n") where line.hasPrefix(name) {
            let rest = line.dropFirst(name.count)
            guard rest.first == "{" || rest.first == " " else { continue }
            guard labels.allSatisfy({ rest.contains("\($0)=\"\($1)\"") }) else { continue }
            sum += line.split(separator: " ").last.flatMap { Double($0) } ?? 0
        }
        return sum
    }
}
