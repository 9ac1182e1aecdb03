extension ConfigurationLayer {
    /// The lowest layer: each key that the service asks for has a value here.
    static func builtIn() throws -> ConfigurationLayer {
        try ConfigurationLayer(
            source: "built-in",
            text: """
                model.family = potter
                model.name = ${model.family}-small-1
                model.candidates = 2
                model.maximum_tokens = 96
                model.timeout_milliseconds = 2000

                context.documents = 8
                context.keywords = 12

                plugins.input = redact
                plugins.output = redact, summarize, word-count, markdown

                search.limit = 6

                # A tenant's own value wins over the general one of the same layer.
                tenant.trial.model.name = ${model.family}-tiny-1
                tenant.trial.model.candidates = 1
                tenant.trial.model.maximum_tokens = 32
                """)
    }
}
