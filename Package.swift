// swift-tools-version: 6.2
import PackageDescription

/// Warnings are errors wherever `CI` is set, so that a clean tree stays clean.
let isCI = Context.environment["CI"] != nil

/// The settings of every target: one place, so that no target can be laxer than the others.
let strict: [SwiftSetting] =
    [
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ] + (isCI ? [.treatAllWarnings(as: .error)] : [])

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")

let package = Package(
    name: "mcp-gateway",
    platforms: [.macOS(.v26)],
    products: [
        .library(name: "Wire", targets: ["Wire"]),
        .library(name: "Resilience", targets: ["Resilience"]),
        .library(name: "MCPServer", targets: ["MCPServer"]),
        .executable(name: "mcp-gateway", targets: ["mcp-gateway"]),
        .executable(name: "mcp-tool-server", targets: ["mcp-tool-server"]),
        .executable(name: "mcp-load", targets: ["mcp-load"]),
        .executable(name: "mcp-monitor", targets: ["mcp-monitor"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.5.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.0.0"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.5.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.8.0"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.0.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift.git", from: "0.2.0"),
    ],
    targets: [
        // Floors 1 and 2: bytes and decisions. No I/O, no clock.
        .target(name: "Wire", dependencies: [nioCore], swiftSettings: strict),
        .target(name: "Resilience", swiftSettings: strict),
        // The only target that opens sockets.
        .target(
            name: "Transport", dependencies: ["Wire", "Resilience", nioCore, nioPosix, nioTLS, nioSSL],
            swiftSettings: strict),
        .target(name: "Telemetry", dependencies: [logging, coreMetrics], swiftSettings: strict),
        .target(
            name: "Redis", dependencies: ["Wire", "Resilience", "Transport", nioCore, nioPosix, logging],
            swiftSettings: strict),
        // Floors 3 and 4.
        .target(
            name: "MCPServer", dependencies: ["Wire", "Transport", "Telemetry", nioCore, nioPosix, logging, crypto],
            swiftSettings: strict),
        .target(
            name: "Gateway",
            dependencies: [
                "Wire", "Resilience", "Transport", "Telemetry", "Redis", nioCore, logging, crypto, lifecycle, yams,
            ],
            swiftSettings: strict),
        // Keeps 34 MB out of the executable that reads YAML.
        .target(name: "EmptyUnicodeData"),
        // Floor 5: arguments in, exit code out.
        .executableTarget(
            name: "mcp-gateway",
            dependencies: [
                "Gateway", "Wire", "Transport", "Telemetry", "EmptyUnicodeData", nioCore, logging, arguments,
                lifecycle, unixSignals,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "mcp-tool-server",
            dependencies: [
                "MCPServer", "Wire", "Redis", "Resilience", "Transport", "Telemetry", nioCore, logging, crypto,
                arguments, lifecycle, unixSignals,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "mcp-load", dependencies: ["Wire", "Transport", nioCore, nioPosix, arguments, histogram],
            swiftSettings: strict),
        .executableTarget(
            name: "mcp-monitor",
            dependencies: [
                "Wire", "Resilience", "Transport", "Telemetry", nioCore, nioPosix, nioTLS, nioSSL, logging, coreMetrics,
                arguments, unixSignals,
            ],
            swiftSettings: strict),
        // Measures; scripts/measure-redis.
        .executableTarget(
            name: "redis-cost", dependencies: ["Redis", nioCore, nioPosix, logging], path: "Benchmarks/redis/cost",
            swiftSettings: strict),
        // Tests.
        .target(
            name: "GatewayTestKit",
            dependencies: ["Wire", "Resilience", "Transport", "Gateway", nioCore, nioEmbedded, logging],
            swiftSettings: strict),
        // Runs many simulations; scripts/simulate.
        .executableTarget(
            name: "gateway-simulator", dependencies: ["GatewayTestKit", arguments], path: "Tests/Simulator",
            swiftSettings: strict),
        .target(name: "TestCertificates", path: "Tests/TestCertificates", swiftSettings: strict),
        .testTarget(
            name: "WireTests", dependencies: ["Wire", nioCore, nioEmbedded, nioHTTP1],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(name: "ResilienceTests", dependencies: ["Resilience"], swiftSettings: strict),
        .testTarget(
            name: "MCPServerTests",
            dependencies: [
                "MCPServer", "mcp-tool-server", "Wire", "Resilience", "Transport", "Telemetry", nioCore, nioPosix,
                logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "TransportTests",
            dependencies: ["Transport", "TestCertificates", "Wire", nioCore, nioPosix, nioEmbedded, nioSSL],
            swiftSettings: strict),
        .testTarget(
            name: "RedisTests",
            dependencies: [
                "Redis", "TestCertificates", "Wire", "Resilience", "Transport", nioCore, nioPosix, nioEmbedded, logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "TelemetryTests", dependencies: ["Telemetry", logging, coreMetrics], swiftSettings: strict),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Gateway", "GatewayTestKit", "TestCertificates", "Wire", "Resilience", "Transport", "Redis", nioCore,
                nioPosix, logging,
            ],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "SimulationTests", dependencies: ["Gateway", "GatewayTestKit", "Wire", "Resilience", nioCore],
            swiftSettings: strict),
        .testTarget(
            name: "LoadTests", dependencies: ["mcp-load", "Wire", "Transport", nioCore, nioPosix, histogram],
            swiftSettings: strict),
        .testTarget(
            name: "MonitorTests",
            dependencies: [
                "mcp-monitor", "MCPServer", "TestCertificates", "Wire", "Resilience", "Transport", "Telemetry", nioCore,
                nioPosix, nioSSL, logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "IntegrationTests", dependencies: ["TestCertificates"], exclude: ["Clients"], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
