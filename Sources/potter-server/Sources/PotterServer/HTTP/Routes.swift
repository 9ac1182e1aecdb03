import Hummingbird
import Logging

/// The HTTP interface of the service.
struct Routes: Sendable {
    /// Longer prompts are refused: the model would cut them anyhow.
    private static let longestPrompt = 16_384

    let completions: CompletionService
    let search: SearchService
    let configuration: ConfigurationStore
    let store: Store
    let statistics: ServiceStatistics
    let logger: Logger

    func router() -> Router<ServerRequestContext> {
        let router = Router(context: ServerRequestContext.self)
        router.get("health") { _, _ in "ok\n" }
        router.get("stats") { _, _ in statistics.report() }
        router.get("stats/requests") { _, _ in "\(statistics.report().requestsTotal)\n" }

        let api = router.group("v1")
        api.add(middleware: StatisticsMiddleware(statistics: statistics))
        api.add(middleware: ErrorMiddleware(logger: logger))
        api.get("complete") { request, _ in try await complete(fromQueryOf: request) }
        api.post("complete") { request, context in
            try await complete(request.decode(as: CompletionRequest.self, context: context))
        }
        api.get("search") { request, _ in try await find(request) }
        api.get("config/:key") { request, context in try await setting(request, context) }
        api.get("conversations/:id") { _, context in try await conversation(context) }
        return router
    }

    private func complete(fromQueryOf request: Request) async throws -> Completion {
        let query = request.uri.queryParameters
        return try await complete(
            CompletionRequest(prompt: try query.requireText("prompt"), tenant: query["tenant"].map(String.init)))
    }

    private func complete(_ request: CompletionRequest) async throws -> Completion {
        guard (1...Self.longestPrompt).contains(request.prompt.utf8.count) else {
            throw HTTPError(.badRequest, message: "a prompt has 1 to \(Self.longestPrompt) bytes")
        }
        return try await completions.complete(request)
    }

    private func find(_ request: Request) async throws -> SearchResults {
        let query = request.uri.queryParameters
        return try await search.search(try query.requireText("q"), limit: query.get("limit", as: Int.self))
    }

    private func setting(_ request: Request, _ context: some RequestContext) async throws -> ConfigurationStore.Setting
    {
        let key = try context.parameters.require("key")
        let tenant = request.uri.queryParameters["tenant"].map(String.init)
        guard let setting = await configuration.setting(key, tenant: tenant) else {
            throw HTTPError(.notFound, message: "no setting '\(key)'")
        }
        return setting
    }

    private func conversation(_ context: some RequestContext) async throws -> Conversation {
        let id = try context.parameters.require("id", as: Int64.self)
        guard let conversation = try await store.conversation(id: id) else {
            throw HTTPError(.notFound, message: "no conversation \(id)")
        }
        return conversation
    }
}

extension Parameters {
    /// A parameter of the query string, with `+` read as a space, as forms write it.
    fileprivate func requireText(_ name: String) throws -> String {
        guard let value = get(name), !value.isEmpty else {
            throw HTTPError(.badRequest, message: "the query string needs '\(name)'")
        }
        return value.replacing("+", with: " ")
    }
}

extension Completion: ResponseEncodable {}
extension SearchResults: ResponseEncodable {}
extension Conversation: ResponseEncodable {}
extension ConfigurationStore.Setting: ResponseEncodable {}
extension StatisticsReport: ResponseEncodable {}
