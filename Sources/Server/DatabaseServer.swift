import Connectors
package import Platform
import Planner
import Types

/// The ports of a running database, and its start and end.
package final class DatabaseServer: Sendable {
    private let database: Database
    private let lock: File

    /// A sentence for people about why the server cannot start.
    package struct StartError: Error, CustomStringConvertible, Sendable {
        package let description: String
    }

    /// What the one line on stdout says.
    package let readyLine: String

    /// Opens the data directory, recovers, runs the init file on a new one, and accepts on all ports.
    package init(_ configuration: Configuration, messages: Log) async throws {
        lock = try DatabaseServer.lock(configuration.dataDirectory)
        // Ports first: a busy one is known before recovery takes its time.
        let pg = try DatabaseServer.listen(configuration, configuration.pgPort, "pg-port")
        let kafka = try DatabaseServer.listen(configuration, configuration.kafkaPort, "kafka-port")
        let http = try DatabaseServer.listen(configuration, configuration.httpPort, "http-port")
        let database: Database
        do {
            database = try Database(configuration, messages: messages)
        } catch {
            throw StartError(
                description: "cannot open the database in \(configuration.dataDirectory): \(error)")
        }
        self.database = database
        if database.isNew, let file = configuration.initFile {
            try await DatabaseServer.initialize(database, file)
        }
        let loop = database.loop
        pg.accept(on: loop) { await ConnectionDriver(database, $0).run() }
        let advertised = DatabaseServer.advertised(configuration, kafka.port)
        let broker = KafkaBroker(
            topics: database.topics, metadata: database.metadata, metadataLog: database.metadataLog,
            committer: database.committer, loop: loop, host: advertised.host, port: advertised.port
        ) { topic in database.reader(ofTopic: topic).map { "\($0.kindName) \($0.name)" } }
        kafka.accept(on: loop) { await broker.serve($0) }
        let responder = HTTPResponder(metrics: database.metrics)
        http.accept(on: loop) { await responder.serve($0) }
        let host = configuration.listen
        readyLine =
            "ready pg=\(host):\(pg.port) kafka=\(host):\(kafka.port) http=\(host):\(http.port)"
    }

    /// Checkpoints; the process may exit afterwards.
    package func stop() async { await database.shutdown() }

    private static func lock(_ directory: String) throws -> File {
        do {
            try Disk.createDirectory(directory)
            let file = try File(directory + "/lock", .readWrite)
            guard file.tryLock() else {
                throw StartError(
                    description: "another process is using the data directory \(directory)")
            }
            return file
        } catch let error as SystemError {
            throw StartError(
                description: "cannot write to the data directory \(directory): \(error.reason)")
        }
    }

    private static func listen(_ configuration: Configuration, _ port: UInt16, _ flag: String)
        throws -> Listener
    {
        do {
            return try Listener(host: configuration.listen, port: port)
        } catch {
            throw StartError(
                description:
                    "cannot listen on \(configuration.listen):\(port) (--\(flag)): \(error.reason)")
        }
    }

    private static func advertised(_ configuration: Configuration, _ port: UInt16) -> (
        host: String, port: Int32
    ) {
        guard let text = configuration.kafkaAdvertise, let colon = text.lastIndex(of: ":"),
            let given = Int32(text[text.index(after: colon)...])
        else { return (configuration.listen, Int32(port)) }
        return (String(text[..<colon]), given)
    }

    /// Runs the statements of a file, one after the other; the first that fails ends the start.
    private static func initialize(_ database: Database, _ path: String) async throws {
        let text: String
        do {
            text = String(decoding: try Disk.readAll(path), as: UTF8.self)
        } catch {
            throw StartError(description: "cannot read the init file \(path): \(error.reason)")
        }
        let result: String? = await withCheckedContinuation { continuation in
            database.loop.start {
                do {
                    let session = try Session(
                        database, user: "streamhouse", options: [:], backendID: 0)
                    for (statement, part) in try Parser.statements(text) {
                        // Positions are those of the whole file.
                        _ = part
                        _ = try await session.execute(
                            statement, text: text, parameters: Parameters(values: []))
                    }
                    continuation.resume(returning: nil)
                } catch let error as SQLError {
                    continuation.resume(returning: error.message)
                } catch {
                    continuation.resume(returning: "\(error)")
                }
            }
        }
        if let result { throw StartError(description: "init file \(path): \(result)") }
    }
}
