// SPDX-License-Identifier: Apache-2.0
import CPotterWire
import CUnwind
import Foundation
import Testing

extension RobustTests {
    /// Whatever is in a module's file and in a copied stack, an unwind ends, soon, and within its bounds.
    @Suite struct DamagedFiles {
        private static let bias: UInt64 = 0x7f00_0000_0000
        private static let stack: UInt64 = 0x7fff_0000_0000

        /// Where sections are in an ELF file, by name: its offset and address (equal here), and its size.
        private static func section(_ name: String, of path: String) throws -> Range<Int> {
            let text = RecordProcess(plain: ["readelf", "-SW", path]).wait().output
            let line = try #require(text.split(separator: "\n").first { $0.contains(" \(name) ") })
            let words = line.drop { $0 != "]" }.split(separator: " ")
            let offset = try #require(Int(words[4], radix: 16))
            return offset..<offset + (try #require(Int(words[5], radix: 16)))
        }

        @Test(arguments: ["/lib/x86_64-linux-gnu/libgcc_s.so.1", "/lib64/ld-linux-x86-64.so.2"])
        func frameDescriptions(path: String) throws {
            let whole = try Data(contentsOf: URL(filePath: path))
            let frames = try Self.section(".eh_frame", of: path)
            let header = try Self.section(".eh_frame_hdr", of: path)
            let code = try Self.section(".text", of: path)
            let seed = UInt64.random(in: 0...UInt64.max)
            print("fuzz: \(path), seed \(seed)")
            var generator = RobustGenerator(seed: seed)
            let copy = UnsafeMutablePointer<pp_copy>.allocate(capacity: 1)
            defer { copy.deallocate() }
            let space = try #require(potter_unwind_space_create())
            defer { potter_unwind_space_destroy(space) }
            var (walks, deep, slowest) = (0, 0, Duration.zero)
            let end = Date(timeIntervalSinceNow: 2)
            while Date() < end {
                var damaged = whole
                for _ in 0..<frames.count / Int.random(in: 20...200, using: &generator) {
                    damaged[Int.random(in: frames, using: &generator)] = .random(in: 0...255, using: &generator)
                }
                if Int.random(in: 0..<4, using: &generator) == 0 {
                    for _ in 0..<20 {
                        damaged[Int.random(in: header, using: &generator)] = .random(in: 0...255, using: &generator)
                    }
                }
                damaged.withUnsafeBytes { bytes in
                    guard let image = potter_unwind_open(-1, bytes.baseAddress, UInt64(bytes.count)) else { return }
                    defer { potter_unwind_close(image) }
                    let module = potter_unwind_module(
                        start: Self.bias, end: Self.bias + UInt64(bytes.count) + 1 << 20, bias: Self.bias,
                        image: image, slot: 1, reserved: 0)
                    withUnsafePointer(to: module) { potter_unwind_space_set(space, $0, 1) }
                    for _ in 0..<40 {
                        Self.fill(copy, code: code, &generator)
                        var out = [UInt64](repeating: 0, count: Int(PP_MAX_FRAMES))
                        let clock = ContinuousClock()
                        let start = clock.now
                        let result = potter_unwind_copy(space, copy, &out)
                        slowest = max(slowest, clock.now - start)
                        walks += 1
                        if result.depth > 3 { deep += 1 }
                    }
                }
            }
            print("fuzz: \(walks) walks, \(deep) of more than 3 frames, the slowest took \(slowest)")
            #expect(walks > 200 && deep > 50 && slowest < .seconds(1))
        }

        /// Return addresses into the code, and pointers into the stack.
        private static func fill(
            _ copy: UnsafeMutablePointer<pp_copy>, code: Range<Int>, _ generator: inout RobustGenerator
        ) {
            let size = Int(PP_COPY_BYTES)
            func word() -> UInt64 {
                Bool.random(using: &generator)
                    ? bias + UInt64(Int.random(in: code, using: &generator))
                    : stack + UInt64(Int.random(in: 0..<size, using: &generator) & ~7)
            }
            copy.pointee.size = UInt32(size)
            copy.pointee.low = stack
            copy.pointee.high = stack + 100_000
            copy.pointee.raced = 0
            withUnsafeMutableBytes(of: &copy.pointee.registers) { bytes in
                let registers = bytes.bindMemory(to: UInt64.self)
                for at in registers.indices { registers[at] = word() }
                registers[7] = stack + 128
                registers[16] = bias + UInt64(Int.random(in: code, using: &generator))
            }
            // The stack comes last; Swift does not import an array of that size.
            let words = UnsafeMutableRawPointer(copy) + MemoryLayout<pp_copy>.size - size
            for at in stride(from: 0, to: size, by: 8) {
                words.storeBytes(of: word(), toByteOffset: at, as: UInt64.self)
            }
        }
    }
}
