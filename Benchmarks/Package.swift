// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that nobody who builds the gateway builds the benchmark library too. Its traits are off: they
// replace `malloc` and the runtime's reference counting, and what they count is counted better by scripts/measure-call.
let package = Package(
    name: "mcp-gateway-benchmarks",
    platforms: [.macOS("26.0")],
    dependencies: [
        .package(name: "mcp-gateway", path: ".."),
        .package(url: "https://github.com/ordo-one/benchmark.git", from: "1.38.1", traits: []),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
    ],
    targets: [
        .executableTarget(
            name: "Micro",
            dependencies: [
                .product(name: "Wire", package: "mcp-gateway"),
                .product(name: "Resilience", package: "mcp-gateway"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Benchmark", package: "benchmark"),
            ],
            // The plugin finds its targets below a folder of this name only.
            path: "Benchmarks/Micro",
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault"),
            ],
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
    ],
    swiftLanguageModes: [.v6]
)
