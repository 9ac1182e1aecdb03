import ArgumentParser

@main
struct PotterServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "potter-server",
        abstract: "A small, real service to profile: text, configuration, plug-ins, a language model, a database.",
        discussion: "Prints 'listening on http://HOST:PORT' when it is ready. SIGTERM and SIGINT stop it.")

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on; 0 takes any free one.")
    var port = 8080

    @Option(help: ArgumentHelp("Switch a planted defect on; may be repeated.", valueName: "name"))
    var fault: [Fault] = []

    @Flag(help: "List the defects: name, guilty function, what a profile shows; separated by tabs.")
    var listFaults = false

    @Option(help: ArgumentHelp("Stop after this time.", valueName: "seconds"))
    var duration: Double?

    @Option(help: ArgumentHelp("The SQLite file; a temporary one without this.", valueName: "path"))
    var database: String?

    @Option(help: ArgumentHelp("Settings that override the built-in ones, 'key = value' a line.", valueName: "path"))
    var config: String?

    @Option(help: ArgumentHelp("How long the language model thinks, on average.", valueName: "milliseconds"))
    var upstreamLatency: Double = 3

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port takes 0 to 65535, not \(port).") }
        guard upstreamLatency >= 0, duration ?? 1 > 0 else {
            throw ValidationError("--upstream-latency and --duration take positive numbers.")
        }
    }

    func run() async throws {
        if listFaults {
            for fault in Fault.allCases {
                print(fault.rawValue, fault.guiltyFunction, fault.symptom, separator: "\t")
            }
            return
        }
        let service = try SampleService(
            SampleService.Options(
                host: host, port: port, faults: Set(fault), duration: duration.map(Duration.seconds),
                database: database, configurationFile: config,
                upstreamLatency: .milliseconds(upstreamLatency)))
        try await service.run()
    }
}

extension Fault: ExpressibleByArgument {}
