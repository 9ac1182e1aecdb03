import Hummingbird
import Logging

/// Gives each error that can come out of the service a status, and a body that says what happened.
struct ErrorMiddleware<Context: RequestContext>: RouterMiddleware {
    let logger: Logger

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as any HTTPResponseError {
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch is ProviderTimeout {
            throw HTTPError(.gatewayTimeout, message: "the language-model provider did not answer in time")
        } catch let error as ModelClient.UnexpectedStatus {
            throw HTTPError(.badGateway, message: "\(error)")
        } catch {
            logger.error("request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            throw HTTPError(.internalServerError, message: "\(error)")
        }
    }
}
