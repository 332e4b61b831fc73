/// Where the records are run.
struct Endpoint {
    let conninfo: () -> String
    /// Kills the server and starts it again, where it is ours.
    let restart: (() throws(ServerError) -> Void)?
    /// PostgreSQL has no views that keep themselves fresh; plain ones stand in for them.
    let isPostgres: Bool
    let timeoutSeconds: Int
}

/// How a file is run: its queries as they stand, or as views made before the data, while it arrives,
/// or where the query stands; in `restart` as views made before the data on a server that is killed and
/// started again somewhere in the file.
enum Mode: String {
    case adhoc, before, during, after, restart

    static let all: [Mode] = [.adhoc, .before, .during, .after, .restart]

    var target: Target { self == .adhoc ? .adhoc : .views }
}

/// Runs one file in one mode, on a connection of its own.
///
/// Where it makes views, the file's relations are created before anything else, and at a query's place
/// its view is read instead; rows of an INSERT come in pieces. A seed decides about places and pieces.
struct Runner {
    private let file: TestFile
    private let mode: Mode
    private let endpoint: Endpoint
    private var connection: PostgresConnection?
    /// The answers of labelled queries.
    private var answers: [String: [String]] = [:]

    private var generator: SplitMix

    init(_ file: TestFile, mode: Mode, endpoint: Endpoint, seed: UInt64) {
        self.file = file
        // Each file has numbers of its own, whichever files run with it.
        generator = SplitMix(seed: file.name.utf8.reduce(seed) { $0 &* 31 &+ UInt64($1) })
        self.mode = mode
        self.endpoint = endpoint
    }

    mutating func run(_ report: inout Report) {
        let records = selectedRecords(&report)
        // By index of the record: nil when it went well.
        var created: [Int: Problem?] = [:]
        let places = mode == .adhoc ? [:] : viewPlaces(records)
        if mode != .adhoc {
            for (index, record) in records.enumerated() where record.createsRelation {
                created[index] = .some(attempt(record, record.sql))
            }
        }
        var views: [Int: String] = [:]
        let killPlace = mode == .restart ? restartPlace(records) : nil
        for (index, record) in records.enumerated() {
            if index == killPlace, let problem = restart(records[..<index]) {
                report.failRest(place(record), count: records.count - index, reason: problem)
                return
            }
            for query in places[index] ?? [] {
                let view = "lt_\(file.name)_\(views.count + 1)"
                views[query] = view
                let definition = "CREATE MATERIALIZED VIEW \(view) AS \(records[query].sql)"
                let creating = Record(creating: definition, at: records[query].line)
                if let problem = attempt(creating, definition) { created[query] = .some(problem) }
            }
            if case .unusable(let reason) = connect() {
                report.failRest(place(record), count: records.count - index, reason: reason)
                return
            }
            let problem: Problem? =
                if let result = created[index] {
                    result
                } else {
                    attemptPieces(record, views[index].map { "SELECT * FROM \($0)" } ?? record.sql)
                }
            if let problem {
                report.fail(place(record), sql: record.sql, problem)
            } else {
                report.pass()
            }
        }
    }

    /// A query before which the server is killed: in no transaction block, rather late in the file.
    private mutating func restartPlace(_ records: [Record]) -> Int? {
        var candidates: [Int] = []
        var isInBlock = false
        for (index, record) in records.enumerated() {
            if record.isQuery, !isInBlock { candidates.append(index) }
            if record.beginsBlock { isInBlock = true }
            if record.endsBlock { isInBlock = false }
        }
        if candidates.isEmpty { return nil }
        let late = candidates.suffix(candidates.count - candidates.count / 3)
        return late[late.startIndex + Int(generator.next() % UInt64(late.count))]
    }

    /// Kills and starts the server and connects with the settings that the records so far have made.
    /// - Returns: what went wrong.
    private mutating func restart(_ records: ArraySlice<Record>) -> String? {
        guard let kill = endpoint.restart else { return "a running server is not killed" }
        connection = nil
        do throws(ServerError) {
            try kill()
        } catch {
            return error.reason
        }
        for record in records where record.changesSettings {
            guard case .statement = record.kind else { continue }
            if let problem = attempt(record, record.sql) { return problem.summary }
        }
        return nil
    }

    /// For each record, the queries whose views are made before it.
    private mutating func viewPlaces(_ records: [Record]) -> [Int: [Int]] {
        var places: [Int: [Int]] = [:]
        // For each record the nearest place before it that is in no transaction block, which might fail.
        var outside: [Int] = []
        var block: Int?
        for (index, record) in records.enumerated() {
            outside.append(block ?? index)
            if record.beginsBlock { block = block ?? index }
            if record.endsBlock { block = nil }
        }
        // A view keeps the settings under which it is made: none may change between it and the query.
        var settled = 0
        for (index, record) in records.enumerated() {
            if record.changesSettings { settled = index + 1 }
            guard record.isQuery else { continue }
            let place =
                switch mode {
                case .adhoc, .after: index
                case .before, .restart: 0
                case .during:
                    max(settled, outside[Int(generator.next() % UInt64(index + 1))])
                }
            places[place, default: []].append(index)
        }
        return places
    }

    /// Runs a record; where views are made, the rows of an INSERT in pieces.
    private mutating func attemptPieces(_ record: Record, _ sql: String) -> Problem? {
        guard mode != .adhoc, case .statement = record.kind else { return attempt(record, sql) }
        for piece in DataPieces.cut(sql, &generator) {
            if let problem = attempt(record, piece) { return problem }
        }
        return nil
    }

    private func place(_ record: Record) -> String {
        "\(file.path):\(record.line) [\(mode.rawValue)]"
    }

    /// What the conditions leave of the file, up to a `halt`.
    private func selectedRecords(_ report: inout Report) -> [Record] {
        var targets: Set<Target> = [mode.target]
        if endpoint.isPostgres { targets.insert(.postgres) }
        var selected: [Record] = []
        var isHalted = false
        for record in file.records {
            let isRun = record.runs(on: targets)
            if case .halt = record.kind {
                isHalted = isHalted || isRun
            } else if isRun, !isHalted {
                selected.append(record)
            } else {
                report.skip()
            }
        }
        return selected
    }

    // MARK: - Connection

    private enum Connecting {
        case connected
        case unusable(reason: String)
    }

    /// Connects if there is no connection, at first or after one was lost.
    private mutating func connect() -> Connecting {
        if connection != nil { return .connected }
        do throws(ConnectionError) {
            connection = try PostgresConnection(
                conninfo: endpoint.conninfo(), timeoutSeconds: endpoint.timeoutSeconds)
            return .connected
        } catch {
            return .unusable(reason: "cannot connect: \(error.reason)")
        }
    }

    /// Runs SQL and compares its outcome with what the record expects.
    private mutating func attempt(_ record: Record, _ sql: String) -> Problem? {
        if case .unusable(let reason) = connect() { return Problem(summary: reason) }
        guard let connection else { return Problem(summary: "no connection") }
        do throws(ConnectionError) {
            let text = endpoint.isPostgres ? Runner.withPlainViews(sql) : sql
            return verdict(record, try connection.execute(text))
        } catch {
            self.connection = nil
            return Problem(summary: "connection lost: \(error.reason)")
        }
    }

    /// CREATE and DROP MATERIALIZED VIEW without the second word.
    private static func withPlainViews(_ sql: String) -> String {
        let words = sql.split(maxSplits: 2, whereSeparator: \.isWhitespace)
        guard words.count == 3, ["create", "drop"].contains(words[0].lowercased()),
            words[1].lowercased() == "materialized"
        else { return sql }
        return "\(words[0]) \(words[2])"
    }

    // MARK: - Verdict

    private mutating func verdict(_ record: Record, _ outcome: Outcome) -> Problem? {
        switch (record.kind, outcome) {
        case (.statement, .failure(let state, let message)),
            (.query, .failure(let state, let message)):
            return Problem(summary: "failed with \(state): \(message)")
        case (.failure(let expected), .failure(let state, let message)):
            if state == expected { return nil }
            return Problem(summary: "expected \(expected), failed with \(state): \(message)")
        case (.failure(let expected), _):
            return Problem(summary: "expected \(expected), but it succeeded")
        case (.query(let query), .rows(let types, let values)):
            return verdict(query, types, values)
        case (.query, .command):
            return Problem(summary: "expected rows, got a command's answer")
        case (.statement, _), (.halt, _):
            return nil
        }
    }

    private mutating func verdict(
        _ query: Record.Query, _ types: [UInt32], _ values: [[String?]]
    ) -> Problem? {
        let letters = AnswerText.letters(types)
        guard AnswerText.matches(letters, query.types) else {
            return Problem(summary: "expected columns \(query.types), got \(letters)")
        }
        // A view has no order.
        let sort = mode != .adhoc && query.sort == .nosort ? .rowsort : query.sort
        let got = AnswerText.lines(values, sort)
        let expected =
            sort == .nosort ? query.expected : AnswerText.sorted(query.expected)
        guard AnswerText.areEqual(got, expected) else {
            return Problem(summary: "another answer", expected: expected, got: got)
        }
        if let label = query.label {
            if let other = answers[label], !AnswerText.areEqual(other, got) {
                return Problem(
                    summary: "another answer than before for \(label)", expected: other, got: got)
            }
            answers[label] = got
        }
        return nil
    }
}

extension Record {
    /// A statement that the runner adds of its own.
    fileprivate init(creating sql: String, at line: Int) {
        self.init(line: line, kind: .statement, sql: sql, conditions: [])
    }

    private var firstWords: [String] {
        sql.split(maxSplits: 2, whereSeparator: { $0.isWhitespace || $0 == ";" }).map {
            $0.lowercased()
        }
    }

    fileprivate var changesSettings: Bool { ["set", "reset"].contains(firstWords.first) }

    fileprivate var beginsBlock: Bool {
        ["begin", "start"].contains(firstWords.first)
    }

    fileprivate var endsBlock: Bool {
        ["commit", "end", "rollback", "abort"].contains(firstWords.first)
            && !(firstWords.count > 1 && firstWords[1] == "to")
    }

    fileprivate var isQuery: Bool {
        if case .query = kind { true } else { false }
    }
}
