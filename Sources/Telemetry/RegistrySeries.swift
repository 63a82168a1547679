/// One series of a registry: what a handle of swift-metrics counts into.
protocol RegistrySeries: AnyObject, Sendable {
    /// The metric's name, in the characters that Prometheus allows.
    var name: String { get }
    /// The labels as they were given.
    var labels: PrometheusText.Labels { get }
    /// What kind of handle it is; a name belongs to one kind.
    var shape: RegistryShape { get }
    /// How many lines it makes on the page.
    var lineCount: Int { get }
    /// Adds its lines.
    func write(into text: inout PrometheusText, help: String)
}
