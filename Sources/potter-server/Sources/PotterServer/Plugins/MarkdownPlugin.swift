/// Adds the text as HTML.
struct MarkdownPlugin: Plugin {
    let name = "markdown"
    let renderer = MarkdownRenderer()

    func run(on document: inout PluginDocument) {
        document.html = renderer.html(from: document.text)
    }
}
