extension ProbeReport {
    /// The times that a report shows, in the order of its columns.
    enum Column: String, CaseIterable {
        case connect, health, handshake, list, call, total
    }

    /// The time of a column; `nil` where nothing was answered. What came in parts is summed up.
    func time(_ column: Column) -> Duration? {
        switch column {
        case .connect: connectDurations.isEmpty ? nil : connectDurations.reduce(.zero, +)
        case .health: sum(of: [.health])
        case .handshake: sum(of: [.discover, .initialize, .initialized])
        case .list: sum(of: [.listTools, .ping])
        case .call: sum(of: [.callTool])
        case .total: duration
        }
    }

    private func sum(of steps: Set<ProbeStep>) -> Duration? {
        let parts = timings.filter { steps.contains($0.step) }
        return parts.isEmpty ? nil : parts.reduce(.zero) { $0 + $1.duration }
    }
}
