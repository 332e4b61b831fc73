// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .unsafeFlags(["-Xcc", "-march=x86-64-v3"]),
]
let cFlags: [CSetting] = [.unsafeFlags(["-march=x86-64-v3", "-O2"])]
let cxxFlags: [CXXSetting] = [.unsafeFlags(["-march=x86-64-v3", "-O3"])]

func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: strict)
}

let package = Package(
    name: "streamhouse",
    products: [
        .executable(name: "streamhouse", targets: ["streamhouse"]),
        .executable(name: "LogicTest", targets: ["LogicTest"]),
    ],
    targets: [
        // Floors
        .target(name: "CPure", cSettings: cFlags),
        .target(name: "CLinux", cSettings: cFlags),
        .systemLibrary(name: "CGmp"),
        .systemLibrary(name: "CZstd"),
        .systemLibrary(name: "CLz4"),
        .systemLibrary(name: "CSnappy"),
        .systemLibrary(name: "CZlib"),
        .systemLibrary(name: "CSQLite"),
        .systemLibrary(name: "CPq"),
        .systemLibrary(name: "CCrypto"),
        .target(
            name: "CSimdjson", cxxSettings: cxxFlags,
            linkerSettings: [.linkedLibrary("simdjson"), .linkedLibrary("stdc++")]),
        .target(
            name: "CRe2", cxxSettings: cxxFlags,
            linkerSettings: [.linkedLibrary("re2"), .linkedLibrary("stdc++")]),
        .target(
            name: "CPcre2", cSettings: cFlags, linkerSettings: [.linkedLibrary("pcre2-8")]),
        module("Types", ["CPure", "CGmp"]),
        module("Platform", ["CLinux", "CPure", "CZstd", "CLz4", "CSnappy", "CZlib"]),
        // Memory, engine, language
        module("State", ["Types", "Platform", "CPure", "CSQLite"]),
        module("Dataflow", ["Types", "State", "CPure", "CRe2", "CPcre2", "CCrypto"]),
        module("Planner", ["Types", "Dataflow"]),
        // Edges
        module("Wire", ["Types", "Platform"]),
        module("Connectors", ["Types", "Platform", "State", "Wire", "CPure", "CSimdjson"]),
        // Conductor and command
        module(
            "Server", ["Types", "Platform", "State", "Dataflow", "Planner", "Wire", "Connectors"]),
        .executableTarget(
            name: "streamhouse", dependencies: ["Server", "Connectors", "Platform", "Types"],
            swiftSettings: strict),
        .executableTarget(name: "LogicTest", dependencies: ["CPq"], swiftSettings: strict),
        .executableTarget(
            name: "Micro",
            dependencies: ["Types", "Platform", "State", "Dataflow", "Planner", "Connectors"],
            path: "bench/Micro", swiftSettings: strict),
        // Tests
        tests("TidyTests", []),
        tests("TypesTests", ["Types"]),
        tests("WireTests", ["Types", "Wire"]),
        tests("StateTests", ["Types", "Platform", "State"]),
        tests("DataflowTests", ["Types", "State", "Dataflow"]),
        tests("PlannerTests", ["Types", "Dataflow", "Planner"]),
        tests("ConnectorsTests", ["Types", "Platform", "State", "Connectors"]),
    ],
    cxxLanguageStandard: .cxx17
)
