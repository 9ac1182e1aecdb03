import Testing

@testable import PotterServer

struct ConfigurationTests {
    @Test func laterLayersWin() async throws {
        let store = ConfigurationStore(layers: [
            try .builtIn(), try ConfigurationLayer(source: "file", text: "model.family = big  # why not\n"),
        ])
        let name = await store.setting("model.name")
        #expect(name?.value == "big-small-1")
        #expect(name?.source == "built-in")
        #expect(await store.setting("model.name", tenant: "trial")?.value == "big-tiny-1")
        #expect(await store.setting("model.nothing") == nil)
    }

    @Test func builtInLayerIsComplete() async throws {
        let settings = try await ConfigurationStore(layers: [.builtIn()]).completionSettings(tenant: nil)
        #expect(settings.outputPlugins == ["redact", "summarize", "word-count", "markdown"])
    }

    @Test func referencesInACircleEnd() async throws {
        let layer = try ConfigurationLayer(source: "file", text: "a = ${b}\nb = ${a}\nc = $5 ${open")
        let store = ConfigurationStore(layers: [layer])
        #expect(await store.setting("a") != nil)
        #expect(await store.setting("c")?.value == "$5 ${open")
    }

    @Test func refusesWhatIsNoSetting() {
        #expect(throws: ConfigurationLayer.SyntaxError.self) {
            try ConfigurationLayer(source: "file", text: "\n# fine\n= 3")
        }
    }
}
