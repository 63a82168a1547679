/// Finds the name that was probably meant.
enum NearestName {
    /// The one of `candidates` that is nearest to `name`; nil when none is near. Case, `-` and `_` weigh nothing.
    static func find(for name: String, among candidates: some Sequence<String>) -> String? {
        let wanted = normalized(name)
        guard !wanted.isEmpty, wanted.count <= 64 else { return nil }
        var best: (name: String, distance: Int)?
        for candidate in candidates {
            let other = normalized(candidate)
            guard other.count <= 64 else { continue }
            let distance = distance(wanted, other)
            // A third of the letters may be wrong: "bakend" is "backends", "path" is not "pool".
            guard distance <= max(1, min(wanted.count, other.count) / 3), distance < best?.distance ?? .max else {
                continue
            }
            best = (candidate, distance)
        }
        return best?.name
    }

    private static func normalized(_ name: String) -> [UInt8] {
        name.utf8.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: " ") }
            .map { $0.isASCIILetter ? $0 | 0x20 : $0 }
    }

    /// Insertions, deletions, replacements and swaps of neighbours between two names (optimal string alignment).
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        var beforeLast = [Int](repeating: 0, count: right.count + 1)
        var last = Array(0...right.count)
        for row in 1...left.count {
            var current = [Int](repeating: row, count: right.count + 1)
            for column in 1...right.count {
                let isSame = left[row - 1] == right[column - 1]
                var cost = min(last[column] + 1, current[column - 1] + 1, last[column - 1] + (isSame ? 0 : 1))
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    cost = min(cost, beforeLast[column - 2] + 1)
                }
                current[column] = cost
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }
}
