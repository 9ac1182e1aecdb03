// SPDX-License-Identifier: Apache-2.0
// Runs a program under the tracker, looks at it while it stands at its end, and lets it go.

import Foundation
import PotterHeap

/// The memory of a stopped process.
final class ProcessFile: ProcessMemory {
    private let descriptor: Int32
    private let pages: Int32

    init(pid: Int32) throws {
        descriptor = open("/proc/\(pid)/mem", O_RDONLY | O_CLOEXEC)
        pages = open("/proc/\(pid)/pagemap", O_RDONLY | O_CLOEXEC)
        if descriptor < 0 || pages < 0 {
            throw ToolFailure(description: "cannot open the memory of \(pid): errno \(errno)")
        }
    }

    deinit {
        close(descriptor)
        close(pages)
    }

    /// Eight bytes for each page; bits 63 and 62: in memory, or swapped.
    func populatedRanges(in range: Range<UInt64>) -> [Range<UInt64>] {
        var parts: [Range<UInt64>] = []
        var entries = [UInt64](repeating: 0, count: 1 << 16)
        var page = range.lowerBound >> 12
        let end = (range.upperBound + 4095) >> 12
        while page < end {
            let count = Int(min(UInt64(entries.count), end - page))
            let got = entries.withUnsafeMutableBytes { pread(pages, $0.baseAddress, count * 8, Int(page * 8)) }
            guard got == count * 8 else { return [range] }
            for entry in 0..<count where entries[entry] >> 62 != 0 {
                let part = ((page + UInt64(entry)) << 12..<(page + UInt64(entry) + 1) << 12).clamped(to: range)
                if let last = parts.last, last.upperBound == part.lowerBound {
                    parts[parts.count - 1] = last.lowerBound..<part.upperBound
                } else {
                    parts.append(part)
                }
            }
            page += UInt64(count)
        }
        return parts
    }

    func read(from address: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard let offset = Int(exactly: address) else { return 0 }
        var done = 0
        while done < buffer.count {
            let got = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, offset + done)
            if got <= 0 { break }
            done += got
        }
        return done
    }
}

struct FrozenProgram {
    /// What was made of the program while it stood.
    struct Run<Result> {
        var result: Result
        /// Its lines on standard output.
        var lines: [String]
    }

    private static let stopLine = "HEAP-STOP"

    /// Runs a program to its end; `look` gets what it looked like just before.
    static func run<Result>(
        _ program: String, _ arguments: [String] = [], _ settings: [String: String] = [:],
        look: (HeapImage) throws -> Result
    ) throws -> Run<Result> {
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        let description = HeapPrograms.scratchFile()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["LD_PRELOAD=\(try HeapPrograms.tracker())", program] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(settings) { $1 }
            .merging(["HEAP_TRACKER": description]) { $1 }
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        defer { try? FileManager.default.removeItem(atPath: description) }
        var text = ""
        while !text.hasSuffix(stopLine + "\n") {
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { throw ToolFailure(description: "\(program) did not come to its end: \(text)") }
            text += String(decoding: data, as: UTF8.self)
        }
        let result = Swift.Result { try look(try image(process.processIdentifier, description)) }
        try input.fileHandleForWriting.write(contentsOf: Data([10]))
        text += String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0, process.terminationReason == .exit else {
            throw ToolFailure(description: "\(program) ended with \(process.terminationStatus)")
        }
        return Run(result: try result.get(), lines: text.split(separator: "\n").map(String.init))
    }

    private static func image(_ pid: Int32, _ description: String) throws -> HeapImage {
        let memory = try ProcessFile(pid: pid)
        var blocks: [LiveBlock] = []
        var threads: [FrozenThread] = []
        var own: [Range<UInt64>] = []
        for line in try String(contentsOfFile: description, encoding: .utf8).split(separator: "\n") {
            let fields = line.split(separator: " ")
            let numbers = fields.dropFirst().compactMap { UInt64($0, radix: 16) }
            switch fields[0] {
            case "table": blocks = table(at: numbers[0], entries: Int(numbers[1]), memory)
            case "own": own.append(numbers[0]..<numbers[1])
            default:
                threads.append(
                    FrozenThread(
                        id: Int32(numbers[0]), registers: Array(numbers[3...]), stackPointer: numbers[1],
                        threadPointer: numbers[2]))
            }
        }
        let maps = kernelText("/proc/\(pid)/maps").split(separator: "\n")
            .compactMap { HeapMap(mapsLine: $0) }
        let symbols = FrozenSymbols(maps: maps, memory: memory)
        var image = HeapImage(
            blocks: LiveBlocks(blocks), memory: memory, maps: maps, threads: threads, modules: symbols.modules,
            profilerRanges: own, symbolName: symbols.name, symbolAddress: symbols.address)
        image.kernelWords = kernelWords(of: pid)
        return image
    }

    /// A file of /proc: the kernel gives it page by page, and Foundation takes the first for all.
    private static func kernelText(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let got = read(descriptor, &buffer, buffer.count), got > 0 { text += buffer[..<got] }
        return String(decoding: text, as: UTF8.self)
    }

    /// `tfd: 5 events: 19 data: 7f12...` of epoll descriptors, `signal: 10/00007f12...` of timers.
    private static func kernelWords(of pid: Int32) -> [UInt64] {
        let directory = "/proc/\(pid)/fdinfo"
        let files = ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).map {
            "\(directory)/\($0)"
        }
        return (files + ["/proc/\(pid)/timers"]).flatMap { path -> [UInt64] in
            let lines = kernelText(path).split(separator: "\n")
            return lines.compactMap { line in
                let fields = line.split { " \t/".contains($0) }
                if line.hasPrefix("tfd:"), let data = fields.firstIndex(of: "data:") {
                    return UInt64(fields[data + 1], radix: 16)
                }
                return line.hasPrefix("signal:") ? fields.last.flatMap { UInt64($0, radix: 16) } : nil
            }
        }
    }

    /// Entries of 24 bytes: address, size, site and birth.
    private static func table(at address: UInt64, entries: Int, _ memory: ProcessFile) -> [LiveBlock] {
        let window = UnsafeMutableRawBufferPointer.allocate(byteCount: 24 << 16, alignment: 16)
        defer { window.deallocate() }
        var blocks: [LiveBlock] = []
        for start in stride(from: 0, to: entries * 24, by: window.count) {
            let wanted = UnsafeMutableRawBufferPointer(rebasing: window[..<min(window.count, entries * 24 - start)])
            let got = memory.read(from: address + UInt64(start), into: wanted)
            for offset in stride(from: 0, to: got - 23, by: 24) {
                let block = window.load(fromByteOffset: offset, as: UInt64.self)
                if block == 0 { continue }
                blocks.append(
                    LiveBlock(
                        address: block, size: window.load(fromByteOffset: offset + 8, as: UInt64.self),
                        stack: window.load(fromByteOffset: offset + 16, as: UInt32.self) & 0xff_ffff,
                        birth: window.load(fromByteOffset: offset + 20, as: UInt32.self)))
            }
        }
        return blocks
    }
}
