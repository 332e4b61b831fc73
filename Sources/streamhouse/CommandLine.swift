import Platform
import Server

/// The command's arguments and environment as a configuration.
enum CommandLineOptions {
    enum Command {
        case serve(Configuration)
        case generate(table: String, count: Int64, seed: UInt64)
        case version
        case help
    }

    struct UsageError: Error {
        let message: String
    }

    static let usage = """
        streamhouse: a streaming SQL database

        streamhouse serve [options]
          --data-dir DIR                    where everything is kept (./data)
          --listen ADDRESS                  address of all ports (127.0.0.1)
          --pg-port N                       PostgreSQL protocol (5433; 0 takes a free one)
          --kafka-port N                    Kafka protocol (9092)
          --http-port N                     /healthz, /readyz, /metrics (8080)
          --workers N                       threads that compute (number of cores)
          --kafka-advertise HOST:PORT       what Kafka clients are told to connect to
          --init FILE                       SQL to run once, on a new data directory
          --auth trust                      who may connect (only on loopback)
          --checkpoint-interval-ms N        how often state is written (1000)
          --query-memory-bytes N            memory for running queries (a quarter of what there is)
          --view-memory-bytes N             memory for one view (three quarters of what there is)
          --view-step-seconds N             time for one step of a view (300)
          --wide-numeric-bytes N            memory for numerics beyond 38 digits (268435456)
          --log-level LEVEL                 trace, debug, info, warning or error (info)
        Each option is also a variable: --pg-port is STREAMHOUSE_PG_PORT.

        streamhouse generate nexmark --table person|auction|bid [--count N] [--seed S]
        streamhouse --version
        streamhouse --help

        """

    static func parse(_ arguments: [String]) throws(UsageError) -> Command {
        guard let command = arguments.first else {
            throw UsageError(message: "no command given; try --help")
        }
        let rest = Array(arguments.dropFirst())
        switch command {
        case "--version", "version": return .version
        case "--help", "-h", "help": return .help
        case "serve", "generate":
            if rest.contains("--help") || rest.contains("-h") { return .help }
            return command == "serve" ? .serve(try serve(rest)) : try generate(rest)
        default: throw UsageError(message: "unknown command \"\(command)\"; try --help")
        }
    }

    private static let serveFlags = [
        "data-dir", "listen", "pg-port", "kafka-port", "http-port", "workers", "kafka-advertise",
        "init",
        "auth", "checkpoint-interval-ms", "wide-numeric-bytes",
        "query-memory-bytes", "view-memory-bytes", "view-step-seconds", "log-level",
    ]

    /// `--name value` and `--name=value`, in that order of what counts: flag, then variable.
    private static func values(_ arguments: [String], known: [String]) throws(UsageError)
        -> [String: String]
    {
        var found: [String: String] = [:]
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--") else {
                throw UsageError(message: "unexpected argument \"\(argument)\"")
            }
            let parts = argument.dropFirst(2).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard known.contains(name) else {
                throw UsageError(message: "unknown flag --\(name); try --help")
            }
            if parts.count == 2 {
                found[name] = String(parts[1])
            } else if let value = rest.popFirst() {
                found[name] = value
            } else {
                throw UsageError(message: "flag --\(name) needs a value")
            }
        }
        return found
    }

    private static func seconds(_ text: String, _ origin: String) throws(UsageError) -> Int64 {
        guard let seconds = Int64(text), (1...86_400).contains(seconds) else {
            throw UsageError(message: "\(origin) takes seconds from 1 to 86400, not \"\(text)\"")
        }
        return seconds
    }

    private static func milliseconds(_ text: String, _ origin: String) throws(UsageError) -> Int64 {
        guard let interval = Int64(text), interval >= 1 else {
            throw UsageError(message: "\(origin) takes milliseconds, not \"\(text)\"")
        }
        return interval
    }

    private static func serve(_ arguments: [String]) throws(UsageError) -> Configuration {
        var given = try values(arguments, known: serveFlags)
        // What a value came from, so that messages name what the user has to change.
        var origins: [String: String] = [:]
        for flag in serveFlags {
            origins[flag] = "--\(flag)"
            if given[flag] == nil {
                let variable =
                    "STREAMHOUSE_" + String(flag.uppercased().map { $0 == "-" ? "_" : $0 })
                given[flag] = HostProcess.environment(variable)
                if given[flag] != nil { origins[flag] = variable }
            }
        }
        func origin(_ flag: String) -> String { origins[flag] ?? "--\(flag)" }
        var configuration = Configuration()
        func port(_ name: String, _ standard: UInt16) throws(UsageError) -> UInt16 {
            guard let text = given[name] else { return standard }
            guard let value = UInt16(text) else {
                throw UsageError(
                    message: "\(origin(name)) takes a port from 0 to 65535, not \"\(text)\"")
            }
            return value
        }
        configuration.dataDirectory = given["data-dir"] ?? configuration.dataDirectory
        configuration.listen = given["listen"] ?? configuration.listen
        configuration.pgPort = try port("pg-port", configuration.pgPort)
        configuration.kafkaPort = try port("kafka-port", configuration.kafkaPort)
        configuration.httpPort = try port("http-port", configuration.httpPort)
        configuration.kafkaAdvertise = given["kafka-advertise"]
        configuration.initFile = given["init"]
        configuration.logLevel = given["log-level"] ?? configuration.logLevel
        if Log.Level(name: configuration.logLevel) == nil {
            throw UsageError(message: "unknown log level \"\(configuration.logLevel)\"")
        }
        if let text = given["workers"] {
            guard let workers = Int(text), workers >= 1, workers <= 256 else {
                throw UsageError(
                    message: "\(origin("workers")) takes a number from 1 to 256, not \"\(text)\"")
            }
            configuration.workers = workers
        }
        if let text = given["checkpoint-interval-ms"] {
            configuration.checkpointIntervalMilliseconds = try milliseconds(
                text, origin("checkpoint-interval-ms"))
        }
        func bytes(_ name: String) throws(UsageError) -> Int? {
            guard let text = given[name] else { return nil }
            guard let bytes = Int(text), bytes >= 0 else {
                throw UsageError(message: "\(origin(name)) takes bytes, not \"\(text)\"")
            }
            return bytes
        }
        if let given = try bytes("wide-numeric-bytes") { configuration.wideNumericBytes = given }
        configuration.queryMemoryBytes = try bytes("query-memory-bytes")
        configuration.viewMemoryBytes = try bytes("view-memory-bytes")
        if let text = given["view-step-seconds"] {
            configuration.viewStepSeconds = try seconds(text, origin("view-step-seconds"))
        }
        if let text = configuration.kafkaAdvertise {
            guard let colon = text.lastIndex(of: ":"), colon > text.startIndex,
                UInt16(text[text.index(after: colon)...]) != nil
            else {
                throw UsageError(
                    message: "\(origin("kafka-advertise")) takes HOST:PORT, not \"\(text)\"")
            }
        }
        configuration.auth = given["auth"] ?? configuration.auth
        try checkAccess(configuration)
        return configuration
    }

    /// Who may connect is decided by where: without passwords only this machine.
    private static func checkAccess(_ configuration: Configuration) throws(UsageError) {
        guard configuration.auth == "trust" else {
            throw UsageError(
                message:
                    "unknown authentication method \"\(configuration.auth)\"; only trust is there")
        }
        guard configuration.isLoopback else {
            throw UsageError(
                message:
                    "--auth trust is refused on \(configuration.listen): anybody could connect; listen on 127.0.0.1"
            )
        }
    }

    private static func generate(_ arguments: [String]) throws(UsageError) -> Command {
        guard arguments.first == "nexmark" else {
            throw UsageError(message: "generate knows only nexmark; try --help")
        }
        let given = try values(Array(arguments.dropFirst()), known: ["table", "count", "seed"])
        guard let table = given["table"] else {
            throw UsageError(message: "--table is missing; it takes person, auction or bid")
        }
        guard ["person", "auction", "bid"].contains(table) else {
            throw UsageError(message: "--table takes person, auction or bid, not \"\(table)\"")
        }
        guard let count = Int64(given["count"] ?? "1000"), count >= 0 else {
            throw UsageError(
                message: "--count takes a number of events, not \"\(given["count"] ?? "")\"")
        }
        guard let seed = UInt64(given["seed"] ?? "1") else {
            throw UsageError(message: "--seed takes a number, not \"\(given["seed"] ?? "")\"")
        }
        return .generate(table: table, count: count, seed: seed)
    }
}
