/// A step that reads and changes a document on its way to or from the model.
///
/// Plug-ins are synchronous and may take their time; `PluginPipeline` keeps them off the threads of
/// Swift Concurrency.
protocol Plugin: Sendable {
    /// As in `plugins.input` and `plugins.output`.
    var name: String { get }

    func run(on document: inout PluginDocument)
}

/// What plug-ins work on.
struct PluginDocument: Sendable {
    var text: String
    /// The passages that were retrieved for the prompt.
    var passages: [String] = []
    var html: String?
    var summary: String?
    var facts: [String: Int] = [:]
}
