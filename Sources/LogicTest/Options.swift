/// A wrong command line or file.
struct UsageError: Error {
    let reason: String
}

/// The command line, parsed.
struct Options {
    enum Server {
        /// A streamhouse binary to start, once for each mode.
        case binary(String)
        /// A running streamhouse.
        case conninfo(String)
        /// A running PostgreSQL.
        case postgres(String)
    }

    let server: Server
    let modes: [Mode]
    let timeoutSeconds: Int
    let seed: UInt64
    let paths: [String]

    private static let usage = """
        usage: LogicTest [--mode MODE] [--timeout SECONDS] [--seed SEED] SERVER FILES_OR_DIRS...
        MODE is adhoc, or before, during or after (views made before the data, while it arrives, at
        the query), or restart (before, on a server that is killed once in each file), or all.
        SERVER is one of
          --server PATH        a streamhouse binary to start; a new database for each mode
          --conninfo CONNINFO  a running streamhouse with an empty database; one mode only
          --postgres CONNINFO  a running PostgreSQL with an empty database; one mode only
        The mode is all with --server, else adhoc. The seed decides when views are made and how data is cut.
        """

    /// - Throws: `UsageError` for anything unknown, missing or contradictory.
    init(_ arguments: ArraySlice<String>) throws(UsageError) {
        var rest = arguments
        var servers: [Server] = []
        var mode: String?
        var timeout = 60
        var seed = UInt64.random(in: 0..<1 << 32)
        var paths: [String] = []
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--") else {
                paths.append(argument)
                continue
            }
            if argument == "--help" { throw UsageError(reason: Options.usage) }
            guard let value = rest.popFirst() else {
                throw UsageError(reason: "\(argument) needs a value")
            }
            switch argument {
            case "--mode": mode = value
            case "--server": servers.append(.binary(value))
            case "--conninfo": servers.append(.conninfo(value))
            case "--postgres": servers.append(.postgres(value))
            case "--timeout":
                guard let seconds = Int(value), seconds > 0 else {
                    throw UsageError(reason: "--timeout needs a number of seconds")
                }
                timeout = seconds
            case "--seed":
                guard let number = UInt64(value) else {
                    throw UsageError(reason: "--seed needs a number")
                }
                seed = number
            default: throw UsageError(reason: "unknown option \(argument)\n\(Options.usage)")
            }
        }
        guard let server = servers.first, servers.count == 1 else {
            throw UsageError(reason: "exactly one server is needed\n\(Options.usage)")
        }
        if paths.isEmpty { throw UsageError(reason: "no files\n\(Options.usage)") }
        self.server = server
        modes = try Options.modes(mode, server)
        timeoutSeconds = timeout
        self.seed = seed
        self.paths = paths
    }

    /// A running server keeps the tables of the first mode, so it can have one mode only.
    private static func modes(_ name: String?, _ server: Server) throws(UsageError) -> [Mode] {
        let canRunBoth = if case .binary = server { true } else { false }
        let name = name ?? (canRunBoth ? "all" : "adhoc")
        switch Mode(rawValue: name) {
        case .restart where !canRunBoth:
            throw UsageError(reason: "a running server is not killed: no mode restart")
        case .some(let mode): return [mode]
        case nil where name == "all":
            guard canRunBoth else {
                throw UsageError(reason: "a running server takes one mode at a time")
            }
            return Mode.all
        case nil: throw UsageError(reason: "unknown mode \(name)")
        }
    }
}
