import Foundation
import Hummingbird
import Logging
import NIOPosix
import ServiceLifecycle
import UnixSignals

/// Builds the service from its parts and runs it until it is told to stop.
struct SampleService: Sendable {
    struct Options: Sendable {
        var host: String
        var port: Int
        var faults: Set<Fault>
        var duration: Duration?
        var database: String?
        var configurationFile: String?
        var upstreamLatency: Duration
    }

    /// More than there are processors: plug-ins may block, and must not hold up each other.
    private static let pluginThreadCount = 8
    /// A client that keeps its connection open must not keep the service alive.
    private static let shutdownPatience: Duration = .seconds(3)

    private let options: Options
    private let store: Store
    private let provider: ModelProvider
    private let model: ModelClient
    private let routes: Routes
    private let pluginThreads = NIOThreadPool(numberOfThreads: pluginThreadCount)
    /// For the framework. It reports each service that stops because another one failed as an error;
    /// the first failure is the one that counts, and is thrown.
    private let logger: Logger

    init(_ options: Options) throws {
        self.options = options
        logger = Self.logger(level: .critical)
        let text = TextProcessor(faults: options.faults)
        let configuration = ConfigurationStore(layers: try Self.layers(options))
        store = try Store(path: options.database)
        let provider = ModelProvider(latency: options.upstreamLatency)
        self.provider = provider
        model = ModelClient {
            let timeout = try await configuration.number("model.timeout_milliseconds")
            return try await ProviderConnection.connect(
                port: provider.port(), timeout: .milliseconds(Int64(timeout)))
        }
        let library = DocumentLibrary(store: store, text: text)
        let completions = CompletionService(
            configuration: configuration,
            retriever: ContextRetriever(library: library, text: text),
            plugins: PluginPipeline(
                plugins: Self.plugins(text: text, faults: options.faults), threads: pluginThreads),
            model: model, store: store, text: text,
            tokenizer: Tokenizer(learningFrom: Lexicon.subjects + Lexicon.verbs + Lexicon.objects))
        routes = Routes(
            completions: completions,
            search: SearchService(configuration: configuration, library: library, text: text),
            configuration: configuration, store: store,
            statistics: ServiceStatistics(faults: options.faults), logger: Self.logger(level: .warning))
    }

    func run() async throws {
        pluginThreads.start()
        do {
            try await ServiceGroup(configuration: groupConfiguration()).run()
        } catch {
            try? await shutdown()
            throw StartFailure(cannotListenOn: options.host, port: options.port, because: error)
        }
        try await shutdown()
    }

    private func shutdown() async throws {
        try await pluginThreads.shutdownGracefully()
        try store.close()
    }

    /// Services stop in the opposite order: first nothing comes in, then nothing goes out any more.
    private func groupConfiguration() -> ServiceGroupConfiguration {
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
            .init(service: provider.application(logger: logger), serviceName: "provider"),
            .init(service: model, serviceName: "model client"),
            .init(service: application(), serviceName: "service"),
        ]
        if let duration = options.duration {
            services.append(
                .init(
                    service: StopTimer(duration: duration),
                    successTerminationBehavior: .gracefullyShutdownGroup, serviceName: "stop timer"))
        }
        var configuration = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = Self.shutdownPatience
        return configuration
    }

    private func application() -> some ApplicationProtocol {
        var application = Application(
            router: routes.router(),
            configuration: ApplicationConfiguration(
                address: .hostname(options.host, port: options.port), serverName: "potter-server"),
            onServerRunning: { [host = options.host] channel in
                print("listening on http://\(host):\(channel.localAddress?.port ?? 0)")
                // Whoever waits for this line reads it through a pipe, where stdout is not flushed by line.
                fflush(nil)
            },
            logger: logger)
        application.beforeServerStarts { [provider] in _ = try await provider.port() }
        return application
    }

    private static func layers(_ options: Options) throws -> [ConfigurationLayer] {
        var layers = [try ConfigurationLayer.builtIn()]
        if let path = options.configurationFile {
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                throw StartFailure(cannotRead: path)
            }
            layers.append(try ConfigurationLayer(source: path, text: text))
        }
        return layers
    }

    private static func logger(level: Logger.Level) -> Logger {
        var logger = Logger(label: "potter-server") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        return logger
    }

    private static func plugins(text: TextProcessor, faults: Set<Fault>) -> [any Plugin] {
        [RedactPlugin(faults: faults), SummarizePlugin(text: text), WordCountPlugin(text: text), MarkdownPlugin()]
    }
}
