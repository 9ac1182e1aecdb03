// swift-tools-version:6.1
// chain.c as a SwiftPM package, for its release build.
import PackageDescription

let package = Package(name: "Chain", targets: [.executableTarget(name: "Chain")])
