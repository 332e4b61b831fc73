/// Answers as the files write them: a line for each row, tabs between values.
enum AnswerText {
    /// A letter for each type; `?` for those that have none.
    static func letters(_ types: [UInt32]) -> String {
        types.map { oid in
            switch oid {
            case 16: "B"
            case 20: "L"
            case 21: "S"
            case 23: "I"
            case 25: "T"
            case 701: "F"
            case 1114: "P"
            case 1186: "V"
            case 1700: "N"
            default: "?"
            }
        }.joined()
    }

    /// Whether letters are the expected ones, of which `?` allows any type.
    static func matches(_ letters: String, _ expected: String) -> Bool {
        letters.utf8.count == expected.utf8.count
            && zip(letters.utf8, expected.utf8).allSatisfy { got, wanted in
                got == wanted || wanted == UInt8(ascii: "?")
            }
    }

    static func lines(_ rows: [[String?]], _ sort: Record.Sort) -> [String] {
        switch sort {
        case .nosort: rows.map(line)
        case .rowsort: sorted(rows.map(line))
        case .valuesort: sorted(rows.flatMap { $0.map(text) })
        }
    }

    /// By bytes, which is PostgreSQL's order in the C locale.
    static func sorted(_ lines: [String]) -> [String] {
        lines.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Byte by byte: `String` takes composed and decomposed letters for equal.
    static func areEqual(_ left: [String], _ right: [String]) -> Bool {
        left.count == right.count
            && zip(left, right).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
    }

    private static func line(_ row: [String?]) -> String { row.map(text).joined(separator: "\t") }

    private static func text(_ value: String?) -> String {
        guard let value else { return "NULL" }
        if value.isEmpty { return "(empty)" }
        var result = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\t": result += "\\t"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
