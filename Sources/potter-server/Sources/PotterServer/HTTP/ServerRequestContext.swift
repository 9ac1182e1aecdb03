import Foundation
import Hummingbird

/// The context of a request, with JSON that people can read and `grep` can search: no escaped slashes.
struct ServerRequestContext: RequestContext {
    private static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return encoder
    }()

    var coreContext: CoreRequestContextStorage

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
    }

    var responseEncoder: JSONEncoder { Self.encoder }
}
