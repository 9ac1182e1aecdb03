import Hummingbird
import Logging
import NIOCore

/// The upstream of the service: a language-model API of its own on loopback, with the latency of one.
///
/// It runs in the same process so that the sample needs nothing else started, and is reached over
/// HTTP so that a profile shows what calling another service looks like.
struct ModelProvider: Sendable {
    let latency: Duration
    private let address = ProviderAddress()

    init(latency: Duration) {
        self.latency = latency
    }

    /// The port, as soon as the provider accepts connections.
    func port() async throws -> Int {
        try await address.port()
    }

    func application(logger: Logger) -> some ApplicationProtocol {
        let router = Router()
        router.post("generate") { request, context in
            let request = try await request.decode(as: ModelRequest.self, context: context)
            return try await generate(request)
        }
        return Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { [address] channel in
                await address.announce(port: channel.localAddress?.port ?? 0)
            },
            logger: logger)
    }

    private func generate(_ request: ModelRequest) async throws -> ModelAnswer {
        var jitter = Lexicon(seed: Lexicon.seed(for: request.prompt))
        let percent = 80 + jitter.next(below: 41)
        try await Task.sleep(for: latency * percent / 100)
        return AnswerGenerator().answer(to: request)
    }
}

extension ModelAnswer: ResponseEncodable {}
