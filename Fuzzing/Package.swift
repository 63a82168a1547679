// swift-tools-version: 6.2
import PackageDescription

// A package of its own: its binaries exist only with the fuzzer's instrumentation, which scripts/fuzz asks for.
let package = Package(
    name: "mcp-gateway-fuzzing",
    platforms: [.macOS(.v26)],
    dependencies: [
        .package(name: "mcp-gateway", path: ".."),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
    ],
    targets: [
        // Declares what libFuzzer exports.
        .target(name: "CLibFuzzer"),
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "CLibFuzzer",
                .product(name: "Wire", package: "mcp-gateway"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
