/// One `.slt` file, parsed; `sqllogictest/README.md` describes the format.
struct TestFile {
    let path: String
    /// The base name without `.slt`; prefixes the names of all that the file creates.
    let name: String
    let records: [Record]

    /// - Throws: `TestFileError` at the first line that is not in the format.
    init(path: String, bytes: [UInt8]) throws(TestFileError) {
        self.path = path
        let base = path.split(separator: "/").last.map(String.init) ?? path
        name = base.hasSuffix(".slt") ? String(base.dropLast(4)) : base
        guard name.utf8.allSatisfy(TestFile.isNameByte) else {
            throw TestFileError(
                path: path, line: 1, reason: "a file's name has only a-z, 0-9 and underscores")
        }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        var parser = RecordParser(path: path, lines: lines)
        records = try parser.parse()
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

/// A line that is not in the format.
struct TestFileError: Error {
    let path: String
    let line: Int
    let reason: String
}

/// What a record can be restricted to: the two modes, and PostgreSQL as the server.
enum Target: String {
    case adhoc, views, postgres
}

/// A statement or query with what is expected of it.
struct Record {
    enum Kind {
        case statement
        /// A statement that fails, with its SQLSTATE.
        case failure(state: String)
        case query(Query)
        /// The end of the file, where its conditions hold.
        case halt
    }

    struct Query {
        /// A letter for each column's type; `?` stands for any.
        let types: String
        let sort: Sort
        /// Queries that share a label have one answer.
        let label: String?
        let expected: [String]
    }

    enum Sort: String {
        case nosort, rowsort, valuesort
    }

    /// `skipif` or `onlyif`.
    struct Condition {
        let target: Target
        let isWanted: Bool
    }

    /// The header's line, counted from 1.
    let line: Int
    let kind: Kind
    let sql: String
    let conditions: [Condition]

    func runs(on targets: Set<Target>) -> Bool {
        conditions.allSatisfy { targets.contains($0.target) == $0.isWanted }
    }

    /// Whether it creates a relation, which mode `views` does before all else.
    var createsRelation: Bool {
        guard case .statement = kind else { return false }
        let words = sql.split(maxSplits: 2, whereSeparator: \.isWhitespace).prefix(2)
            .map { $0.lowercased() }
        return words.first == "create" && ["table", "view", "materialized"].contains(words.last)
    }
}

/// Reads records from the lines of a file.
private struct RecordParser {
    let path: String
    let lines: [String]
    /// The line to be read next.
    private var index = 0

    init(path: String, lines: [String]) {
        self.path = path
        self.lines = lines
    }

    mutating func parse() throws(TestFileError) -> [Record] {
        var records: [Record] = []
        var conditions: [Record.Condition] = []
        while index < lines.count {
            let words = lines[index].split(separator: " ")
            guard let keyword = words.first, !keyword.hasPrefix("#") else {
                index += 1
                continue
            }
            if keyword == "skipif" || keyword == "onlyif" {
                conditions.append(try condition(words))
                index += 1
                continue
            }
            records.append(try record(words, conditions))
            conditions = []
        }
        guard conditions.isEmpty else { throw failure("a condition without a record") }
        return records
    }

    private func failure(_ reason: String) -> TestFileError {
        TestFileError(path: path, line: index + 1, reason: reason)
    }

    private func condition(_ words: [Substring]) throws(TestFileError) -> Record.Condition {
        guard words.count >= 4, words[2] == "#", let target = Target(rawValue: String(words[1]))
        else { throw failure("expected `\(words[0]) adhoc|views|postgres # reason`") }
        return Record.Condition(target: target, isWanted: words[0] == "onlyif")
    }

    private mutating func record(
        _ words: [Substring], _ conditions: [Record.Condition]
    ) throws(TestFileError) -> Record {
        let line = index + 1
        func made(_ kind: Record.Kind, _ sql: String) -> Record {
            Record(line: line, kind: kind, sql: sql, conditions: conditions)
        }
        switch words[0] {
        case "halt":
            index += 1
            return made(.halt, "")
        case "statement":
            let kind = try statementKind(words)
            return made(kind, try readSQL())
        case "query":
            guard words.count == 3 || words.count == 4,
                let sort = Record.Sort(rawValue: String(words[2]))
            else { throw failure("expected `query TYPES nosort|rowsort|valuesort [label]`") }
            let sql = try readSQL()
            let query = Record.Query(
                types: String(words[1]), sort: sort,
                label: words.count == 4 ? String(words[3]) : nil, expected: try readExpected())
            return made(.query(query), sql)
        default:
            throw failure("expected statement, query, skipif, onlyif or halt")
        }
    }

    private func statementKind(_ words: [Substring]) throws(TestFileError) -> Record.Kind {
        if words.count == 2, words[1] == "ok" { return .statement }
        guard words.count == 3, words[1] == "error", words[2].utf8.count == 5 else {
            throw failure("expected `statement ok` or `statement error SQLSTATE`")
        }
        return .failure(state: String(words[2]))
    }

    /// The lines after the header, up to an empty one or `----`.
    private mutating func readSQL() throws(TestFileError) -> String {
        index += 1
        let first = index
        while index < lines.count, !lines[index].isEmpty, lines[index] != "----" { index += 1 }
        guard first < index else { throw failure("a record without SQL") }
        return lines[first..<index].joined(separator: "\n")
    }

    /// The lines after `----`, up to an empty one.
    private mutating func readExpected() throws(TestFileError) -> [String] {
        guard index < lines.count, lines[index] == "----" else {
            throw failure("a query without `----`")
        }
        index += 1
        let first = index
        while index < lines.count, !lines[index].isEmpty { index += 1 }
        return Array(lines[first..<index])
    }
}
