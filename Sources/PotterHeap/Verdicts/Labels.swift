// SPDX-License-Identifier: Apache-2.0
// What people call blocks and the references between them: `Session`, `.onClose`, `closure #2 in Session.start`.

struct Labels {
    private let graph: HeapGraph
    private let executable: [Range<UInt64>]

    /// Offset of the type in an error's box (stdlib/public/runtime/ErrorObject.h, without Objective-C).
    private static let errorTypeOffset: UInt64 = 16

    init(_ graph: HeapGraph) {
        self.graph = graph
        executable = graph.image.maps.filter(\.isExecutable).map(\.range)
    }

    /// Readable name of a block's type; nil if nothing says what it is.
    func typeName(of block: Int) -> String? {
        let address = graph.image.blocks.address(block)
        guard let type = graph.type(of: block) else {
            return graph.sideTables.contains(block) ? "side table" : cppClass(at: address)
        }
        switch type.kind {
        case .class: return graph.types.names.name(of: type.metadata)
        // Captured variables, or the payload of an indirect enum: the metadata does not tell.
        case .captures: return "box"
        case .box: return generic("captured variable", at: type.metadata &+ 16)
        case .error: return generic("error", at: address &+ Self.errorTypeOffset)
        case .task: return "Task"
        case .taskSlab: return "task frames"
        }
    }

    /// `Task suspended in load(_:)`, by the code that it goes on with; nil if the block is no task.
    ///
    /// The code is 56 bytes from the task's address, its context 64 (swift/ABI/Task.h). A context begins with its caller's
    /// context and the code that the caller goes on with.
    func taskName(of block: Int) -> String? {
        guard graph.type(of: block)?.kind == .task else { return nil }
        let task = graph.image.blocks.address(block)
        var code = graph.memory.word(at: task &+ 56)
        var context = graph.memory.word(at: task &+ 64)
        var first: String?
        for _ in 0..<Self.mostContexts {
            guard let address = code, let symbol = graph.image.symbolName(address) else { break }
            let name = ShortName.function(symbol)
            if !isOfRuntime(name, address) { return "Task suspended in " + name }
            first = first ?? name
            code = context.flatMap { graph.memory.word(at: $0 &+ 8) }
            context = context.flatMap { graph.memory.word(at: $0) }
        }
        return first.map { "Task suspended in " + $0 } ?? "Task"
    }

    private static let mostContexts = 16

    /// `withUnsafeContinuation` and the like are copied into programs.
    private func isOfRuntime(_ name: String, _ address: UInt64) -> Bool {
        if name.hasPrefix("with") && name.contains("Continuation(") { return true }
        let module = graph.image.modules.first { $0.range.contains(address) }?.path ?? ""
        return (module.split(separator: "/").last ?? "").hasPrefix("libswift")
    }

    private func generic(_ name: String, at slot: UInt64) -> String {
        let content = graph.memory.word(at: slot).flatMap { graph.types.names.name(of: $0) }
        return content.map { "\(name) of \($0)" } ?? name
    }

    /// By the virtual table that an object of a C++ class begins with.
    private func cppClass(at address: UInt64) -> String? {
        let prefix = "vtable for "
        guard let word = graph.memory.word(at: address), TypeTable.contains(graph.image.modules.map(\.range), word),
            let name = graph.image.symbolName(word), name.hasPrefix(prefix)
        else { return nil }
        return String(name.dropFirst(prefix.count))
    }

    /// Field that the word at `offset` of a block belongs to; nil if it has no name.
    func fieldName(of block: Int, at offset: UInt64) -> String? {
        guard let type = graph.type(of: block) else { return nil }
        if type.storage != nil { return nil }
        if type.kind == .class && offset >= type.instanceSize { return nil }
        let field = graph.types.fields.field(at: offset, of: type.metadata, kind: type.kind)
        return field.flatMap { $0.name.isEmpty ? nil : $0.name }
    }

    /// Name of the closure whose context the word at `offset` of a block is: its code's address comes before it.
    func closureName(of block: Int, at offset: UInt64) -> String? {
        guard offset >= 24, graph.type(of: block) != nil,
            let code = graph.memory.word(at: graph.image.blocks.address(block) + offset - 8), code != 0,
            let name = graph.image.symbolName(code)
        else { return nil }
        let isCode = executable.contains { $0.contains(code) }
        guard isCode || name.hasPrefix("async function pointer to ") else { return nil }
        return ShortName.function(name)
    }
}
