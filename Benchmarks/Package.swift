// swift-tools-version: 6.2
import PackageDescription

/// Settings of every target: those of the main package.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// The benchmarks: a package of their own, so that no build of Cortex makes them.
///
/// `make bench` builds it into the scratch path of the main package, so that modules are compiled once for both; it makes
/// the program too, from the same modules that are measured in process.
let package = Package(
    name: "cortex-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "cortex", path: "..")],
    targets: [
        .executableTarget(
            name: "measure",
            dependencies: [
                .product(name: "CortexModules", package: "cortex"),
                .product(name: "cortex", package: "cortex"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "measure-clients",
            dependencies: [.product(name: "CortexModules", package: "cortex")],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "measure-relay",
            dependencies: [.product(name: "CortexModules", package: "cortex")],
            swiftSettings: settings
        ),
    ]
)
