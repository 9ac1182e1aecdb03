import NIOCore
import NIOHTTP1
import NIOPosix

/// A keep-alive connection to the provider. One exchange at a time: `ConnectionPool` sees to that.
struct ProviderConnection: Sendable {
    private let channel: any Channel

    static func connect(port: Int, timeout: TimeAmount) async throws -> ProviderConnection {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(ExchangeHandler(timeout: timeout))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return ProviderConnection(channel: channel)
    }

    var isActive: Bool { channel.isActive }

    /// Sends one request and waits for its response. Cancelling the task closes the connection.
    func post(_ body: ByteBuffer, to path: String) async throws -> ProviderResponse {
        let promise = channel.eventLoop.makePromise(of: ProviderResponse.self)
        return try await withTaskCancellationHandler {
            // A channel that is closed already has no handler left that could fail the promise.
            channel.writeAndFlush(Exchange(path: path, body: body, response: promise))
                .whenFailure { promise.fail($0) }
            return try await promise.futureResult.get()
        } onCancel: {
            channel.close(promise: nil)
        }
    }

    func close() async {
        try? await channel.close()
    }
}

/// A request on its way through the pipeline, with the promise of its response.
struct Exchange: Sendable {
    var path: String
    var body: ByteBuffer
    var response: EventLoopPromise<ProviderResponse>
}

struct ProviderResponse: Sendable {
    var status: HTTPResponseStatus
    var body: ByteBuffer
}
