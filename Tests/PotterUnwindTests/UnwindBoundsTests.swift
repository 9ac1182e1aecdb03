// SPDX-License-Identifier: Apache-2.0
// pp_unwind on stacks that make no sense: it stays in its bounds, ends, and says that it is incomplete.

import CPotterRecorder
import CPotterWire
import Foundation
import Testing

@testable import PotterSymbols

@Suite struct UnwindBoundsTests {
    /// One module at an address of its own, with the code of a library.
    private final class Space {
        static let library = "/lib/x86_64-linux-gnu/libgcc_s.so.1"
        let map = UnsafeMutablePointer<pp_code_map>.allocate(capacity: 1)
        let modules = UnsafeMutablePointer<pp_module>.allocate(capacity: 1)
        let frames = UnsafeMutablePointer<UInt64>.allocate(capacity: Int(PP_MAX_FRAMES) + 1)
        let image: UnsafeMutableRawBufferPointer
        let tables: UnsafeMutableRawBufferPointer
        let code: Range<UInt64>

        init() throws {
            let file = try Data(contentsOf: URL(filePath: Self.library))
            let blob = try #require(try UnwindTableBuilder.table(path: Self.library))
            let segments = try #require(file.withUnsafeBytes { FrameImage(ImageBytes($0))?.code })
            let size = Int(try #require(segments.map(\.end).max()) + 4096)
            image = .allocate(byteCount: size, alignment: 4096)
            image.initializeMemory(as: UInt8.self, repeating: 0)
            for segment in segments {
                let bytes = file[Int(segment.offset)..<Int(segment.offset + segment.end - segment.start)]
                image[Int(segment.start)..<Int(segment.end)].copyBytes(from: bytes)
            }
            tables = .allocate(byteCount: blob.count + 64, alignment: 64)
            tables[64...].copyBytes(from: blob)
            let bias = UInt64(UInt(bitPattern: image.baseAddress))
            code = bias + segments[0].start..<bias + segments[0].end
            memset(map, 0, MemoryLayout<pp_code_map>.size)
            memset(modules, 0, MemoryLayout<pp_module>.size)
            map.pointee.count = 1
            map.pointee.ranges.0 = pp_code_range(
                start: bias, end: bias + UInt64(size), bias: bias, module: 0, reserved: 0)
            // Atomics do not import into Swift; the offset of table_offset is that of the wire format.
            UnsafeMutableRawPointer(modules).storeBytes(of: 64, toByteOffset: 72, as: UInt64.self)
        }

        func unwind(_ registers: pp_registers, _ stack: UnsafeRawBufferPointer) -> pp_unwound {
            let base = tables.bindMemory(to: UInt8.self).baseAddress!
            var space = pp_unwind_space(
                map: map, modules: modules, tables: base, tables_size: UInt64(tables.count), code_is_leaving: false)
            let low = UInt64(UInt(bitPattern: stack.baseAddress))
            frames[Int(PP_MAX_FRAMES)] = 0x5555
            return pp_unwind(&space, registers, low, low + UInt64(stack.count), frames)
        }
    }

    @Test func threadOnAnotherStackYieldsItsLeaf() throws {
        let space = try Space()
        let stack = [UInt64](repeating: 0, count: 64)
        let result = stack.withUnsafeBytes {
            space.unwind(pp_registers(pc: space.code.lowerBound + 100, sp: 4096, fp: 0, async: 0), $0)
        }
        #expect(result.depth == 1)
        #expect(result.flags & PP_STACK_INCOMPLETE != 0)
    }

    @Test func codeOutsideOfAllModulesEndsTheWalk() throws {
        let space = try Space()
        let stack = [UInt64](repeating: 1, count: 64)
        let result = stack.withUnsafeBytes { bytes in
            let sp = UInt64(UInt(bitPattern: bytes.baseAddress))
            return space.unwind(pp_registers(pc: 0x1234, sp: sp, fp: sp + 16, async: 0), bytes)
        }
        #expect(result.depth == 1)
        #expect(result.flags & PP_STACK_INCOMPLETE != 0)
        #expect(space.frames[0] == UInt64(PP_FRAME_NO_MODULE) << 48 | 0x1234)
    }

    @Test(arguments: [UInt64(11), 12, 13])
    func randomStacksStayInBounds(seed: UInt64) throws {
        let space = try Space()
        var random = SeededGenerator(state: seed)
        for round in 0..<3000 {
            var stack = [UInt64](repeating: 0, count: 2048)
            let result = stack.withUnsafeMutableBytes { bytes in
                let low = UInt64(UInt(bitPattern: bytes.baseAddress))
                let words = bytes.bindMemory(to: UInt64.self)
                for index in words.indices {
                    words[index] =
                        switch Int.random(in: 0..<8, using: &random) {
                        case 0: UInt64.random(in: 0...UInt64.max, using: &random)
                        case 1, 2: low &+ UInt64.random(in: 0..<2100, using: &random) &* 8
                        case 3: UInt64.random(in: 0..<64, using: &random)
                        default: UInt64.random(in: space.code, using: &random)
                        }
                }
                let sp = low + UInt64.random(in: 0..<2048, using: &random) * 8
                let fp = low + UInt64.random(in: 0..<2100, using: &random) * 8
                let pc = UInt64.random(in: space.code, using: &random)
                return space.unwind(pp_registers(pc: pc, sp: sp, fp: fp, async: 0), UnsafeRawBufferPointer(bytes))
            }
            #expect(result.depth >= 1 && result.depth <= PP_MAX_FRAMES, "seed \(seed) round \(round)")
            #expect(space.frames[Int(PP_MAX_FRAMES)] == 0x5555, "seed \(seed) round \(round)")
        }
    }
}
