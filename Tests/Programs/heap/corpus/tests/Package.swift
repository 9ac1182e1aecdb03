// swift-tools-version:6.0
// SPDX-License-Identifier: Apache-2.0
// Test bundles without a leak: the smallest run of XCTest and of Swift Testing. Built offline, once, by ../run.
import PackageDescription

let package = Package(name: "Empty", targets: [.testTarget(name: "EmptyTests")])
