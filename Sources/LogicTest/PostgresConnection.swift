import CPq
import Glibc

/// What a server answers to a statement.
enum Outcome {
    case command
    /// Types are OIDs; a NULL is nil.
    case rows(types: [UInt32], values: [[String?]])
    case failure(state: String, message: String)
}

/// The connection cannot be made or used any more.
struct ConnectionError: Error {
    let reason: String
}

/// A libpq connection: simple protocol, text results. Owns the handle; one thread's.
@safe
final class PostgresConnection {
    private let handle: OpaquePointer
    /// How long a statement may take.
    private let timeoutSeconds: Int

    init(conninfo: String, timeoutSeconds: Int) throws(ConnectionError) {
        guard let handle = unsafe PQconnectdb(conninfo) else {
            throw ConnectionError(reason: "out of memory")
        }
        unsafe self.handle = handle
        self.timeoutSeconds = timeoutSeconds
        guard unsafe PQstatus(handle) == CONNECTION_OK else { throw lost() }
        // Warnings are no part of an answer, and libpq would print them.
        unsafe _ = PQsetNoticeProcessor(handle, { _, _ in }, nil)
    }

    deinit { unsafe PQfinish(handle) }

    /// Runs SQL text; of several statements the first failure counts, else the last answer.
    /// - Throws: when the connection is lost or the statement takes too long; it is of no more use.
    func execute(_ sql: String) throws(ConnectionError) -> Outcome {
        guard unsafe PQsendQuery(handle, sql) == 1 else { throw lost() }
        let deadline = Deadline(seconds: timeoutSeconds)
        var outcome = Outcome.command
        while let next = try nextOutcome(deadline) {
            if case .failure = outcome { continue }
            outcome = next
        }
        guard unsafe PQstatus(handle) == CONNECTION_OK else { throw lost() }
        return outcome
    }

    private func lost() -> ConnectionError {
        guard let text = unsafe PQerrorMessage(handle) else {
            return ConnectionError(reason: "the connection is lost")
        }
        let message = unsafe String(cString: text)
        let lines = message.split(separator: "\n").joined(separator: " ")
        return ConnectionError(reason: lines.isEmpty ? "the connection is lost" : lines)
    }

    /// The answer to the next statement of the text; nil after the last.
    private func nextOutcome(_ deadline: Deadline) throws(ConnectionError) -> Outcome? {
        while unsafe PQisBusy(handle) == 1 {
            guard deadline.waitUntilReadable(unsafe PQsocket(handle)) else {
                throw ConnectionError(reason: "no answer within \(timeoutSeconds) s")
            }
            guard unsafe PQconsumeInput(handle) == 1 else { throw lost() }
        }
        guard let result = unsafe PQgetResult(handle) else { return nil }
        defer { unsafe PQclear(result) }
        switch unsafe PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: return .command
        case PGRES_TUPLES_OK: return unsafe PostgresConnection.rows(of: result)
        case PGRES_FATAL_ERROR:
            return .failure(
                state: unsafe PostgresConnection.field("C", of: result),
                message: unsafe PostgresConnection.field("M", of: result))
        default: throw ConnectionError(reason: "an answer that is neither rows nor a command's")
        }
    }

    /// A field of an error, by the protocol's letter for it.
    private static func field(_ letter: Unicode.Scalar, of result: OpaquePointer) -> String {
        guard let text = unsafe PQresultErrorField(result, Int32(letter.value)) else { return "" }
        return unsafe String(cString: text)
    }

    private static func rows(of result: OpaquePointer) -> Outcome {
        let (rowCount, columnCount) = unsafe (PQntuples(result), PQnfields(result))
        let types = (0..<columnCount).map { unsafe PQftype(result, $0) }
        let values = (0..<rowCount).map { row in
            (0..<columnCount).map { column -> String? in
                guard unsafe PQgetisnull(result, row, column) == 0,
                    let text = unsafe PQgetvalue(result, row, column)
                else { return nil }
                return unsafe String(cString: text)
            }
        }
        return .rows(types: types, values: values)
    }
}
