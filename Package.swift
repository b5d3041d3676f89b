// swift-tools-version: 6.2
import PackageDescription

/// Settings of every Swift target: language mode 6, the upcoming features of the house style, warnings as errors.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
    .treatWarning("ExplicitSendable", as: .error),
]

/// A module of ours with the modules of ours and the products of others that it may import.
func module(
    _ name: String,
    _ ours: [String] = [],
    products: [Target.Dependency] = [],
    exclude: [String] = [],
    resources: [Resource] = []
) -> Target {
    .target(
        name: name,
        dependencies: ours.map { .byName(name: $0) } + products,
        exclude: exclude,
        resources: resources,
        swiftSettings: settings
    )
}

/// A suite of tests for the module named before `Tests`.
func tests(_ name: String, _ ours: [String], products: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: name,
        dependencies: ours.map { .byName(name: $0) } + products,
        swiftSettings: settings
    )
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "cortex",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "cortex", targets: ["cortex"]),
        // What the benchmarks, a package of their own, measure in process.
        .library(
            name: "CortexModules",
            targets: [
                "Diagnostics", "Domain", "LosslessJSON", "Processes", "RESP", "Postgres", "Redis", "EmbeddedServers",
                "SourceTree", "SchemaMigration", "DataMigration", "SyncMiddleware",
            ]
        ),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        // Layer 0
        .systemLibrary(
            name: "CLibpq",
            pkgConfig: "libpq",
            providers: [.apt(["libpq-dev"]), .brew(["libpq"])]
        ),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .systemLibrary(name: "CCrypt", pkgConfig: "libcrypt", providers: [.apt(["libcrypt-dev"])]),
        module("Diagnostics"),
        // Layer 1
        module("Domain", ["Diagnostics"], products: [crypto]),
        module("LosslessJSON", ["Diagnostics"]),
        module("Settings", ["Diagnostics"], products: [yams]),
        module("Processes", ["Diagnostics"], products: [subprocess, system]),
        module("Compression", ["Diagnostics", "CZlib"]),
        module("RESP", ["Diagnostics"]),
        // Layer 2
        module("Postgres", ["Diagnostics", "CLibpq"]),
        module("Redis", ["Diagnostics", "RESP"], products: [crypto, nio, nioPosix, nioSSL]),
        module("EmbeddedServers", ["Diagnostics", "Processes"]),
        module(
            "SourceTree",
            ["Diagnostics", "Domain", "LosslessJSON", "Compression"],
            products: [crypto, yams],
            resources: [
                .embedInCode("Resources/mappings/cortex.yaml"), .embedInCode("Resources/mapping.schema.json"),
                .embedInCode("Resources/assets.yaml"), .embedInCode("Resources/assets.schema.json"),
            ]
        ),
        module("ExampleTree", ["Diagnostics", "Compression"]),
        module("Monitoring", ["Diagnostics"], products: [logging, metrics]),
        module(
            "LoadGeneration",
            ["Diagnostics"],
            products: [histogram, nio, nioHTTP1, nioPosix]
        ),
        // Layer 3
        module("SchemaMigration", ["Diagnostics", "Postgres"], products: [crypto], exclude: ["Resources"]),
        module(
            "DataMigration",
            ["Diagnostics", "Domain", "LosslessJSON", "SourceTree", "Postgres"],
            products: [crypto]
        ),
        module("RedisSource", ["Diagnostics", "RESP", "Redis", "Processes", "SourceTree"], products: [crypto]),
        module("SyncMiddleware", ["Diagnostics", "Domain", "Postgres", "RESP", "Redis"], products: [nio]),
        .target(
            name: "Access",
            dependencies: [
                "Diagnostics", "Domain", "Processes", "Postgres", crypto,
                // Elsewhere the C library has no crypt(3) worth its name: users sign in with keys alone there.
                .target(name: "CCrypt", condition: .when(platforms: [.linux])),
            ],
            swiftSettings: settings
        ),
        module("RuntimeTargets", ["Diagnostics", "EmbeddedServers", "Processes"]),
        module("Reporting", ["Diagnostics", "Domain"]),
        // Layer 4
        module(
            "Catalog",
            ["Diagnostics", "Domain", "LosslessJSON", "Processes", "SourceTree", "Postgres", "SyncMiddleware"],
            products: [crypto, nio]
        ),
        // Layer 5
        module(
            "CatalogAPI",
            ["Diagnostics", "Domain", "LosslessJSON", "Access", "Monitoring", "SyncMiddleware", "Catalog"],
            products: [crypto, httpTypes, hummingbird, hummingbirdCore, lifecycle, logging, nio, nioHTTP1]
        ),
        // Layer 6
        module(
            "Commands",
            [
                "Diagnostics", "Domain", "LosslessJSON", "Settings", "Processes", "Postgres", "EmbeddedServers",
                "SourceTree",
                "SchemaMigration", "DataMigration", "RedisSource", "RuntimeTargets", "Reporting", "ExampleTree", "RESP",
                "Redis", "SyncMiddleware", "Access", "Monitoring", "Catalog", "CatalogAPI", "LoadGeneration",
            ],
            products: [argumentParser, asyncHTTPClient, lifecycle, logging, nio, unixSignals]
        ),
        // Layer 7
        .executableTarget(name: "cortex", dependencies: ["Commands"], swiftSettings: settings),
        // Tests
        module(
            "TestSupport",
            ["Diagnostics", "Processes", "EmbeddedServers"],
            products: [asyncHTTPClient, crypto, nio, nioHTTP1]
        ),
        // One process of the fault rig; in no product.
        .executableTarget(
            name: "sync-worker",
            dependencies: ["Diagnostics", "TestSupport", "RESP", "Redis", "Postgres", "SyncMiddleware"],
            swiftSettings: settings
        ),
        tests("TestSupportTests", ["TestSupport"]),
        tests("DiagnosticsTests", ["Diagnostics"]),
        tests("DomainTests", ["Diagnostics", "Domain"], products: [crypto]),
        tests("LosslessJSONTests", ["Diagnostics", "LosslessJSON", "TestSupport"]),
        tests("SettingsTests", ["Diagnostics", "Settings"]),
        tests("ProcessesTests", ["Diagnostics", "Processes", "TestSupport"]),
        tests("CompressionTests", ["Diagnostics", "Compression"]),
        tests("PostgresTests", ["Diagnostics", "Postgres", "Processes", "EmbeddedServers", "TestSupport"]),
        tests("RESPTests", ["Diagnostics", "RESP", "TestSupport"]),
        tests(
            "RedisTests",
            ["Diagnostics", "RESP", "Redis", "Processes", "EmbeddedServers", "TestSupport"],
            products: [nio, nioPosix]
        ),
        tests("EmbeddedServersTests", ["Diagnostics", "Processes", "EmbeddedServers", "TestSupport"]),
        tests(
            "SourceTreeTests",
            ["Diagnostics", "Domain", "LosslessJSON", "Compression", "SourceTree"],
            products: [crypto]
        ),
        tests("ExampleTreeTests", ["Diagnostics", "Compression", "ExampleTree"]),
        tests(
            "SchemaMigrationTests",
            ["Diagnostics", "Domain", "Processes", "EmbeddedServers", "Postgres", "SchemaMigration", "TestSupport"]
        ),
        tests(
            "DataMigrationTests",
            [
                "Diagnostics", "Domain", "LosslessJSON", "Postgres", "SourceTree", "ExampleTree", "SchemaMigration",
                "DataMigration", "Compression", "EmbeddedServers", "TestSupport",
            ],
            products: [crypto]
        ),
        tests(
            "RedisSourceTests",
            ["Diagnostics", "Domain", "RESP", "Redis", "EmbeddedServers", "SourceTree", "RedisSource", "TestSupport"]
        ),
        tests(
            "SyncMiddlewareTests",
            [
                "Diagnostics", "Domain", "Processes", "EmbeddedServers", "Postgres", "RESP", "Redis", "SourceTree",
                "ExampleTree", "SchemaMigration", "DataMigration", "SyncMiddleware", "TestSupport", "sync-worker",
            ],
            products: [nio, nioPosix]
        ),
        tests(
            "CatalogTests",
            [
                "Diagnostics", "Domain", "LosslessJSON", "Processes", "EmbeddedServers", "Postgres", "Redis",
                "SourceTree", "ExampleTree", "SchemaMigration", "DataMigration", "SyncMiddleware", "Catalog",
                "TestSupport",
            ],
            products: [nio]
        ),
        tests("MonitoringTests", ["Diagnostics", "Processes", "Monitoring"], products: [logging, metrics]),
        tests("LoadGenerationTests", ["Diagnostics", "LoadGeneration"], products: [nio, nioHTTP1, nioPosix]),
        tests(
            "AccessTests",
            [
                "Diagnostics", "Domain", "Processes", "EmbeddedServers", "Postgres", "SchemaMigration", "Access",
                "TestSupport",
            ],
            products: [crypto]
        ),
        tests(
            "CatalogAPITests",
            [
                "Diagnostics", "Domain", "LosslessJSON", "Processes", "EmbeddedServers", "Postgres", "Redis",
                "SchemaMigration", "SyncMiddleware", "Access", "Monitoring", "Catalog", "CatalogAPI", "TestSupport",
            ],
            products: [httpTypes, lifecycle, logging, nio, nioEmbedded, nioHTTP1]
        ),
        tests(
            "ServiceTests",
            [
                "Diagnostics", "Processes", "EmbeddedServers", "Postgres", "SchemaMigration", "ExampleTree",
                "LoadGeneration", "TestSupport",
            ]
        ),
        tests("RuntimeTargetsTests", ["Diagnostics", "Processes", "EmbeddedServers", "RuntimeTargets", "TestSupport"]),
        tests("ReportingTests", ["Diagnostics", "Domain", "Reporting"]),
        tests(
            "CommandsTests",
            [
                "Diagnostics", "Domain", "Settings", "Processes", "RESP", "Redis", "Postgres", "EmbeddedServers",
                "ExampleTree", "RuntimeTargets", "Reporting", "Access", "Commands", "TestSupport",
            ],
            products: [asyncHTTPClient, nio, nioHTTP1]
        ),
        tests(
            "PackageTests",
            ["Diagnostics", "Settings", "Monitoring", "Reporting", "Commands", "TestSupport"],
            products: [argumentParser]
        ),
    ]
)
