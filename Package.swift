// swift-tools-version:6.1
// The layers, and what each target may depend on, are the table in Docs/Architecture.md; Scripts/check compares.
import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

// The recorder runs inside other people's programs, in signal handlers: it is optimised in every configuration, so
// that tests exercise the code that ships. -fno-stack-protector and no exceptions tables trick: see recorder.h.
let recorderSettings: [CSetting] = [
    .define("_GNU_SOURCE"),
    .unsafeFlags([
        "-O2", "-g", "-fvisibility=hidden", "-fno-stack-protector", "-ftls-model=initial-exec",
        "-Wall", "-Wextra", "-Wno-unused-parameter",
    ]),
]

// SwiftPM links even a C-only dynamic library as Swift, with the Swift runtime as NEEDED; a target's program without
// that runtime would then not start at all. Embedded mode leaves libc alone. Scripts/check asserts the NEEDED list.
let withoutSwiftRuntime: [LinkerSetting] = [
    .unsafeFlags(["-enable-experimental-feature", "Embedded"])
]

let package = Package(
    name: "potter",
    products: [
        .executable(name: "potter-prof", targets: ["potter-prof"]),
        .library(name: "PotterPreload", type: .dynamic, targets: ["CPotterPreload"]),
        .library(name: "PotterHeap", type: .dynamic, targets: ["CPotterHeap"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // C, shared by both sides of the session memory.
        .target(name: "CPotterWire", path: "CShims/CPotterWire"),
        .target(name: "CPotterSys", path: "CShims/CPotterSys", cSettings: [.define("_GNU_SOURCE")]),
        .systemLibrary(
            name: "CElf", path: "CShims/CElf", providers: [.apt(["libelf-dev", "libdw-dev", "liblzma-dev"])]),
        .systemLibrary(name: "CZydis", path: "CShims/CZydis", providers: [.apt(["libzydis-dev"])]),
        .target(
            name: "CUnwind", dependencies: ["CPotterWire"], path: "CShims/CUnwind",
            cSettings: [.define("_GNU_SOURCE")], linkerSettings: [.linkedLibrary("unwind-x86_64")]),
        .target(name: "CDemanglerGuard", path: "CShims/CDemanglerGuard", cSettings: [.define("_GNU_SOURCE")]),
        // C, inside the target.
        .target(
            name: "CPotterRecorder", dependencies: ["CPotterWire"], path: "CShims/CPotterRecorder",
            cSettings: recorderSettings),
        // Leaves that nobody may import: see Docs/Architecture.md.
        .target(
            name: "CPotterPreload", dependencies: ["CPotterRecorder"], path: "CShims/CPotterPreload",
            cSettings: recorderSettings, linkerSettings: withoutSwiftRuntime),
        .target(
            name: "CPotterHeap", dependencies: ["CPotterRecorder"], path: "CShims/CPotterHeap",
            cSettings: recorderSettings, linkerSettings: withoutSwiftRuntime),
        // Swift.
        .target(name: "PotterCore", swiftSettings: swiftSettings),
        .target(
            name: "PotterSymbols",
            dependencies: ["PotterCore", "CElf", "CZydis", "CDemanglerGuard", "CPotterWire"],
            swiftSettings: swiftSettings),
        .target(name: "PotterProfile", dependencies: ["PotterCore"], swiftSettings: swiftSettings),
        .target(
            name: "PotterRecording",
            dependencies: ["PotterCore", "PotterProfile", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: swiftSettings),
        .target(
            name: "PotterCapture",
            dependencies: [
                "PotterCore", "PotterSymbols", "PotterProfile", "PotterRecording", "CPotterWire", "CPotterSys",
                "CUnwind",
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "PotterExport", dependencies: ["PotterCore", "PotterProfile", "PotterRecording"],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "potter-prof",
            dependencies: [
                "PotterCore", "PotterCapture", "PotterExport", "PotterProfile", "PotterRecording", "PotterSymbols",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "potter-bench",
            dependencies: [
                "PotterCore", "PotterProfile", "PotterRecording", "PotterSymbols",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: swiftSettings),
        // Run by the tests: damaged input must not take them down.
        .executableTarget(name: "potter-fuzz", dependencies: ["PotterSymbols"], swiftSettings: swiftSettings),
        // Tests.
        .testTarget(
            name: "PotterSymbolsTests", dependencies: ["PotterSymbols", "potter-fuzz"], exclude: ["Findings"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "PotterUnwindTests", dependencies: ["PotterSymbols", "CPotterRecorder", "CPotterWire"],
            exclude: ["Programs"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "PotterRecordingTests",
            dependencies: ["PotterRecording", "PotterProfile", "PotterExport", "PotterCore", "potter-prof"],
            exclude: ["Scripts"],  // Python, run by the tests
            swiftSettings: swiftSettings),
        .testTarget(
            name: "PotterCaptureTests",
            dependencies: [
                "PotterCapture", "PotterRecording", "PotterProfile", "CPotterWire", "CPotterSys", "CUnwind",
                "potter-prof",
            ],
            swiftSettings: swiftSettings),
    ]
)
