// swift-tools-version: 6.2
import PackageDescription

/// The benchmarks: a package of their own, so that no build of Cortex makes them.
let package = Package(
    name: "cortex-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "cortex", path: "..")],
    targets: [
        .executableTarget(
            name: "measure-lanes",
            dependencies: [.product(name: "CortexModules", package: "cortex")],
            path: "Lanes",
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
                .treatAllWarnings(as: .error),
            ]
        )
    ]
)
