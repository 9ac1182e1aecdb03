/// Answers a prompt: settings, retrieval, plug-ins, the model, plug-ins again, the database.
///
///     configuration ─┐
///     retrieval ─────┴─ input plug-ins ── candidates (in parallel) ── output plug-ins ─┬─ save
///                                                                                      └─ token count
struct CompletionService: Sendable {
    let configuration: ConfigurationStore
    let retriever: ContextRetriever
    let plugins: PluginPipeline
    let model: ModelClient
    let store: Store
    let text: TextProcessor
    let tokenizer: Tokenizer

    func complete(_ request: CompletionRequest) async throws -> Completion {
        let settings = try await configuration.completionSettings(tenant: request.tenant)
        let prompt = text.normalize(request.prompt)
        let context = try await retriever.context(
            for: prompt, documents: settings.contextDocuments, keywords: settings.contextKeywords)
        let input = try await plugins.run(
            settings.inputPlugins, on: PluginDocument(text: prompt, passages: context.passages))

        async let promptTokens = countTokens(of: input)
        let answer = try await ask(about: input, context.keywords, settings)
        let output = try await plugins.run(settings.outputPlugins, on: PluginDocument(text: answer.text))

        let usage = Completion.Usage(prompt: await promptTokens, answer: tokenizer.encode(output.text).count)
        let id = try await store.save(
            Conversation(
                tenant: request.tenant, model: settings.model, prompt: input.text, answer: output.text,
                tokens: usage.total))
        return Completion(
            id: id, model: settings.model, text: output.text, html: output.html, summary: output.summary,
            keywords: context.keywords, facts: output.facts.merging(input.facts, uniquingKeysWith: +),
            usage: usage)
    }

    private func ask(
        about input: PluginDocument, _ keywords: [String], _ settings: CompletionSettings
    ) async throws -> ModelAnswer {
        let request = ModelRequest(
            model: settings.model, prompt: input.text, keywords: keywords, passages: input.passages,
            maximumTokens: settings.maximumTokens, candidate: 0)
        return try await model.bestAnswer(to: request, candidates: settings.candidates)
    }

    private func countTokens(of input: PluginDocument) async -> Int {
        tokenizer.encode(input.text).count + input.passages.reduce(0) { $0 + tokenizer.encode($1).count }
    }
}
