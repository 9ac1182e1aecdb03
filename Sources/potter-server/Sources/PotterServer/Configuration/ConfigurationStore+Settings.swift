/// What a completion needs to know, read in one visit to the store.
struct CompletionSettings: Sendable {
    var model: String
    var candidates: Int
    var maximumTokens: Int
    var contextDocuments: Int
    var contextKeywords: Int
    var inputPlugins: [String]
    var outputPlugins: [String]
}

extension ConfigurationStore {
    /// A key that is missing, or whose value cannot be used.
    struct InvalidSetting: Error, CustomStringConvertible {
        var key: String
        var value: String?

        var description: String {
            value.map { "setting \(key) has the value '\($0)', which is no positive number" }
                ?? "setting \(key) is missing"
        }
    }

    func completionSettings(tenant: String?) throws -> CompletionSettings {
        CompletionSettings(
            model: try text("model.name", tenant),
            candidates: try number("model.candidates", tenant),
            maximumTokens: try number("model.maximum_tokens", tenant),
            contextDocuments: try number("context.documents", tenant),
            contextKeywords: try number("context.keywords", tenant),
            inputPlugins: try list("plugins.input", tenant),
            outputPlugins: try list("plugins.output", tenant))
    }

    func number(_ key: String, _ tenant: String? = nil) throws -> Int {
        let value = try text(key, tenant)
        guard let number = Int(value), number > 0 else { throw InvalidSetting(key: key, value: value) }
        return number
    }

    private func text(_ key: String, _ tenant: String?) throws -> String {
        guard let setting = setting(key, tenant: tenant) else { throw InvalidSetting(key: key) }
        return setting.value
    }

    private func list(_ key: String, _ tenant: String?) throws -> [String] {
        try text(key, tenant).split { $0 == "," || $0 == " " }.map(String.init)
    }
}
