// SPDX-License-Identifier: Apache-2.0
// Gives damaged files and names to the readers of PotterSymbols. A crash ends this process, a hang is ended by SIGALRM,
// hunger for memory by RLIMIT_AS: whoever started it (Tests/PotterSymbolsTests/SymbolFuzzTests.swift) sees that, and knows
// from the last line of output which input it was. Not installed.
//
//   potter-fuzz elf   SECONDS SEED SCRATCH FILE...    names in mutations of ELF files, or of their FILE.dwp
//   potter-fuzz map   SECONDS SEED                    perf maps
//   potter-fuzz names SECONDS SEED FILE               mangled names, one a line in FILE
//   potter-fuzz check FILE...                         the files as they are
import Glibc
import PotterSymbols

@main
enum PotterFuzz {
    /// What an input may take, seconds.
    private static let patience: UInt32 = 5
    /// What all of it may take, bytes.
    private static let memory: rlim_t = 2 << 30

    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        var limit = rlimit(rlim_cur: memory, rlim_max: memory)
        setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        guard let mode = arguments.first else { usage() }
        if mode == "check" { return check(Array(arguments.dropFirst())) }
        guard arguments.count >= 3, let seconds = Double(arguments[1]), let seed = UInt64(arguments[2]) else { usage() }
        let end = clock() + seconds
        let rest = Array(arguments.dropFirst(3))
        switch mode {
        case "elf" where rest.count > 1: elf(rest[0], files: Array(rest[1...]), seed: seed, until: end)
        case "map": maps(seed: seed, until: end)
        case "names" where rest.count == 1: names(rest[0], seed: seed, until: end)
        default: usage()
        }
    }

    private static func usage() -> Never {
        say("potter-fuzz: see the head of Sources/potter-fuzz/PotterFuzz.swift")
        exit(2)
    }

    /// A line, out before anything can happen.
    private static func say(_ text: String) {
        let line = Array((text + "\n").utf8)
        _ = Glibc.write(STDOUT_FILENO, line, line.count)
    }

    private static func clock() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    // MARK: Files

    /// The input that is tried lies at `scratch`, and `scratch`.dwp: after a crash it is the finding.
    private static func elf(_ scratch: String, files: [String], seed: UInt64, until end: Double) {
        let originals = files.compactMap { path in bytes(of: path).map { ElfMutator(original: $0) } }
        let packages = files.map { path in bytes(of: path + ".dwp").map { ElfMutator(original: $0) } }
        guard originals.count == files.count else { return say("cannot read \(files)") }
        var count = 0
        var named = 0
        while clock() < end {
            let (original, package) = (originals[count % originals.count], packages[count % originals.count])
            let inputSeed = seed &+ UInt64(count)
            say("seed \(inputSeed) \(files[count % files.count])")
            var random = SplitMix64(seed: inputSeed)
            unlink(scratch + ".dwp")
            if let package, Bool.random(using: &random) {
                write(original.original, to: scratch)
                write(package.mutated(&random), to: scratch + ".dwp")
            } else {
                write(original.mutated(&random), to: scratch)
                if let package { write(package.original, to: scratch + ".dwp") }
            }
            named += look(at: scratch, addresses: original.code, random: &random)
            count += 1
        }
        say("inputs \(count) named \(named)")
    }

    private static func check(_ files: [String]) {
        for path in files {
            say("file \(path)")
            var random = SplitMix64(seed: 1)
            let code = bytes(of: path).map { ElfMutator(original: $0).code } ?? 0..<1
            _ = look(at: path, addresses: code, random: &random)
        }
        say("inputs \(files.count)")
    }

    /// Asks for names all over the code. Returns how many it got.
    private static func look(at path: String, addresses: Range<UInt64>, random: inout SplitMix64) -> Int {
        alarm(patience)
        defer { alarm(0) }
        _ = BuildID.ofFile(path)
        guard let symbols = try? ModuleSymbols(path: path, expectedBuildID: nil) else { return 0 }
        var named = 0
        for _ in 0..<200 {
            let address = UInt64.random(in: addresses, using: &random)
            let frames = symbols.frames(at: address)
            guard let outer = frames.last else { fatalError("no frame at \(address)") }
            if !outer.function.hasPrefix("[") { named += 1 }
        }
        _ = symbols.frames(at: random.next())
        _ = symbols.symbol(at: random.next())
        _ = symbols.address(ofFileOffset: random.next())
        return named
    }

    // MARK: Text

    private static func maps(seed: UInt64, until end: Double) {
        var count = 0
        while clock() < end {
            let inputSeed = seed &+ UInt64(count)
            say("seed \(inputSeed)")
            var random = SplitMix64(seed: inputSeed)
            alarm(patience)
            var text: [UInt8] = []
            for line in 0..<Int.random(in: 0..<300, using: &random) {
                let start = String(UInt64.random(in: 0..<4096, using: &random), radix: 16)
                let size = String(UInt64.random(in: 0..<64, using: &random), radix: 16)
                text += "\(start) \(size) \(["JS:*f /a.js:1:2", "py::g:/b.py", "h"][line % 3])\n".utf8
            }
            text = ByteMutator.mutated(text, &random)
            let map = PerfMap(text)
            for address in 0..<4200 as Range<UInt64> { _ = map.frame(at: address) }
            _ = map.frame(at: random.next())
            count += 1
        }
        say("inputs \(count)")
    }

    private static func names(_ path: String, seed: UInt64, until end: Double) {
        let lines = (bytes(of: path) ?? []).split(separator: UInt8(ascii: "\n")).map(Array.init)
        guard !lines.isEmpty else { return say("no names in \(path)") }
        var count = 0
        while clock() < end {
            let inputSeed = seed &+ UInt64(count)
            var random = SplitMix64(seed: inputSeed)
            let original = lines[Int.random(in: lines.indices, using: &random)]
            let name = ByteMutator.mutated(original, &random).filter { $0 > 0x20 && $0 < 0x7f }
            say("seed \(inputSeed) \(String(decoding: name, as: UTF8.self))")
            alarm(patience)
            guard Demangler.demangle(String(decoding: name, as: UTF8.self)).name.isEmpty == name.isEmpty else {
                fatalError("an empty name")
            }
            count += 1
        }
        say("inputs \(count)")
    }

    // MARK: Bytes

    private static func bytes(of path: String) -> [UInt8]? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { all += buffer[..<count] }
        return all
    }

    private static func write(_ bytes: [UInt8], to path: String) {
        // No finding: status 2, as for a wrong command line.
        guard let file = fopen(path, "w") else { failToWrite(path) }
        let written = fwrite(bytes, 1, bytes.count, file)
        guard fclose(file) == 0, written == bytes.count else { failToWrite(path) }
    }

    private static func failToWrite(_ path: String) -> Never {
        say("potter-fuzz: cannot write \(path): \(String(cString: strerror(errno)))")
        exit(2)
    }
}
