/// The settings of the service, layered: a later layer overrides an earlier one.
actor ConfigurationStore {
    /// A value with its origin.
    struct Setting: Sendable, Codable, Equatable {
        var key: String
        var value: String
        var source: String
    }

    /// Guards against `a = ${b}`, `b = ${a}`.
    private static let deepestReference = 8

    private let layers: [ConfigurationLayer]
    private(set) var lookupCount = 0

    init(layers: [ConfigurationLayer]) {
        self.layers = layers
    }

    func setting(_ key: String, tenant: String? = nil) -> Setting? {
        lookupCount += 1
        return resolve(key, tenant: tenant, depth: 0)
    }

    private func resolve(_ key: String, tenant: String?, depth: Int) -> Setting? {
        for layer in layers.reversed() {
            let own = tenant.flatMap { layer["tenant.\($0).\(key)"] }
            if let raw = own ?? layer[key] {
                return Setting(key: key, value: expand(raw, tenant: tenant, depth: depth), source: layer.source)
            }
        }
        return nil
    }

    /// Replaces `${other.key}` by the value of that key; a reference to nothing stays as it is.
    private func expand(_ raw: String, tenant: String?, depth: Int) -> String {
        guard depth < Self.deepestReference, raw.utf8.contains(UInt8(ascii: "$")) else { return raw }
        var expanded = ""
        var rest = raw[...]
        while let dollar = rest.firstIndex(of: "$") {
            expanded += rest[..<dollar]
            rest = rest[dollar...]
            guard rest.hasPrefix("${"), let end = rest.firstIndex(of: "}") else { break }
            let name = String(rest.dropFirst(2).prefix { $0 != "}" })
            let value = resolve(name, tenant: tenant, depth: depth + 1)?.value
            expanded += value ?? String(rest[...end])
            rest = rest[rest.index(after: end)...]
        }
        return expanded + rest
    }
}
