import NIOCore
import NIOHTTP1

/// Turns an `Exchange` into the parts of an HTTP request, and the parts of the response into its
/// promise. Runs on the event loop of its channel only.
///
///     idle --write(Exchange)--> waiting --end of response--> idle
///                                  |--time-out, error, end of connection--> failed, closed
final class ExchangeHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = Exchange
    typealias OutboundOut = HTTPClientRequestPart

    private struct Waiting {
        var promise: EventLoopPromise<ProviderResponse>
        var timeout: Scheduled<Void>
        var response: ProviderResponse
    }

    private let timeout: TimeAmount
    private var waiting: Waiting?

    init(timeout: TimeAmount) {
        self.timeout = timeout
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let exchange = unwrapOutboundIn(data)
        guard waiting == nil, context.channel.isActive else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            exchange.response.fail(ChannelError.ioOnClosedChannel)
            return
        }
        let timer = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
            self.fail(ProviderTimeout(), context: context)
        }
        waiting = Waiting(
            promise: exchange.response, timeout: timer,
            response: ProviderResponse(status: .ok, body: ByteBuffer()))
        let head = HTTPRequestHead(
            version: .http1_1, method: .POST, uri: exchange.path,
            headers: [
                "host": "127.0.0.1", "content-type": "application/json",
                "content-length": "\(exchange.body.readableBytes)",
            ])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(exchange.body))), promise: nil)
        context.write(wrapOutboundOut(.end(nil)), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            waiting?.response.status = head.status
        case .body(let part):
            waiting?.response.body.writeImmutableBuffer(part)
        case .end:
            guard let done = waiting else { return }
            waiting = nil
            done.timeout.cancel()
            done.promise.succeed(done.response)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(ChannelError.ioOnClosedChannel, context: context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error, context: context)
    }

    private func fail(_ error: any Error, context: ChannelHandlerContext) {
        if let failed = waiting {
            waiting = nil
            failed.timeout.cancel()
            failed.promise.fail(error)
        }
        context.close(promise: nil)
    }
}

/// The provider did not answer within `model.timeout_milliseconds`.
struct ProviderTimeout: Error {}
