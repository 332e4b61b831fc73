/// Counts records and prints those that fail.
struct Report {
    private(set) var passed = 0
    private(set) var failed = 0
    private(set) var skipped = 0

    /// The most lines shown of an answer.
    private static let shownLines = 30

    mutating func pass() { passed += 1 }

    mutating func skip() { skipped += 1 }

    /// - Parameter place: where, as `file:line [mode]`; `sql` is empty for what is no record.
    mutating func fail(_ place: String, sql: String, _ problem: Problem) {
        failed += 1
        print("\(place): \(problem.summary)")
        for line in sql.split(separator: "\n") { print("    \(line)") }
        if let expected = problem.expected {
            print("  expected:")
            Report.printLines(expected)
        }
        if let got = problem.got {
            print("  got:")
            Report.printLines(got)
        }
    }

    /// Records that could not be run at all.
    mutating func failRest(_ place: String, count: Int, reason: String) {
        failed += count
        print("\(place): \(reason); \(count) records not run")
    }

    /// The last line of the output.
    var summary: String {
        "\(passed) passed, \(failed) failed" + (skipped > 0 ? ", \(skipped) skipped" : "")
    }

    private static func printLines(_ lines: [String]) {
        for line in lines.prefix(shownLines) { print("    \(line)") }
        if lines.count > shownLines { print("    and \(lines.count - shownLines) more lines") }
        if lines.isEmpty { print("    (no rows)") }
    }
}

/// Why a record fails.
struct Problem {
    let summary: String
    var expected: [String]?
    var got: [String]?
}
