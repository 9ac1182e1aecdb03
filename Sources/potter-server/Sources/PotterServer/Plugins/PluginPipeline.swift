import NIOPosix

/// Runs plug-ins one after the other, on threads of their own.
struct PluginPipeline: Sendable {
    /// A name in the configuration that no plug-in has.
    struct UnknownPlugin: Error, CustomStringConvertible {
        var name: String
        var known: [String]

        var description: String { "no plug-in '\(name)'; there are \(known.joined(separator: ", "))" }
    }

    private let plugins: [String: any Plugin]
    private let threads: NIOThreadPool

    init(plugins: [any Plugin], threads: NIOThreadPool) {
        self.plugins = Dictionary(uniqueKeysWithValues: plugins.map { ($0.name, $0) })
        self.threads = threads
    }

    func run(_ names: [String], on document: PluginDocument) async throws -> PluginDocument {
        let steps = try names.map(plugin)
        return try await threads.runIfActive {
            var document = document
            for step in steps {
                step.run(on: &document)
            }
            return document
        }
    }

    private func plugin(named name: String) throws -> any Plugin {
        guard let plugin = plugins[name] else {
            throw UnknownPlugin(name: name, known: plugins.keys.sorted())
        }
        return plugin
    }
}
