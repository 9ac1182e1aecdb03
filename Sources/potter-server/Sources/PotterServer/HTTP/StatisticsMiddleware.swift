import Hummingbird
import NIOCore

/// Counts the requests of the routes below it.
struct StatisticsMiddleware<Context: RequestContext>: RouterMiddleware {
    let statistics: ServiceStatistics

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let began = statistics.begin()
        do {
            let response = try await next(request, context)
            finish(request, context, began, response.status.code < 400 ? .success : .error)
            return response
        } catch {
            finish(request, context, began, error is CancellationError ? .cancelled : .error)
            throw error
        }
    }

    private func finish(
        _ request: Request, _ context: Context, _ began: ContinuousClock.Instant,
        _ outcome: RequestOutcome
    ) {
        let path = context.endpointPath ?? "(no route)"
        statistics.end(route: "\(request.method) \(path)", began: began, outcome: outcome)
    }
}
