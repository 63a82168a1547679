/// Why a test could not be carried out.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Waits until `condition` holds, asking 200 times a second; throws a sentence with `what` when it never does.
func eventually(
    _ what: String, within limit: Duration = .seconds(20), _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < end else { throw Failure("not within \(limit): \(what)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}
