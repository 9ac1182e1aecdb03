import Foundation
import NIOCore
import NIOFoundationEssentialsCompat
import NIOHTTP1
import ServiceLifecycle

/// Asks the language-model provider, over HTTP.
struct ModelClient: Service {
    /// The provider answered, but not with an answer.
    struct UnexpectedStatus: Error, CustomStringConvertible {
        var status: HTTPResponseStatus

        var description: String { "the provider answered with status \(status.code)" }
    }

    private static let connectionLimit = 64

    private let pool: ConnectionPool

    init(connect: @escaping @Sendable () async throws -> ProviderConnection) {
        pool = ConnectionPool(limit: Self.connectionLimit, open: connect)
    }

    func answer(to request: ModelRequest) async throws -> ModelAnswer {
        let body = try JSONEncoder().encodeAsByteBuffer(request, allocator: ByteBufferAllocator())
        let response = try await pool.withConnection { connection in
            try await connection.post(body, to: "/generate")
        }
        guard response.status == .ok else { throw UnexpectedStatus(status: response.status) }
        return try JSONDecoder().decode(ModelAnswer.self, from: response.body)
    }

    /// Asks for several answers at once and keeps the one of the highest confidence.
    func bestAnswer(to request: ModelRequest, candidates: Int) async throws -> ModelAnswer {
        try await withThrowingTaskGroup(of: ModelAnswer.self) { group in
            for candidate in 0..<candidates {
                var request = request
                request.candidate = candidate
                group.addTask { [request] in try await answer(to: request) }
            }
            var best: ModelAnswer?
            for try await answer in group where answer.confidence > best?.confidence ?? -1 {
                best = answer
            }
            guard let best else { throw CancellationError() }
            return best
        }
    }

    /// Keeps the connections until the service stops.
    func run() async throws {
        try? await gracefulShutdown()
        await pool.close()
    }
}
