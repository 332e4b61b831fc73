import Foundation
import Planner
import Testing

/// docs/sql/functions.md is what the declarations say. `UPDATE_GOLDEN=1` writes it anew.
@Suite struct FunctionDocumentTests {
    private static let path = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("docs/sql/functions.md")

    @Test func theDocumentIsUpToDate() throws {
        let text = Self.document()
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
            try text.write(to: Self.path, atomically: true, encoding: .utf8)
        }
        let found = try String(contentsOf: Self.path, encoding: .utf8)
        #expect(
            found == text,
            "docs/sql/functions.md: UPDATE_GOLDEN=1 swift test --filter FunctionDocumentTests")
    }

    private static func document() -> String {
        var lines = [
            "# Functions", "",
            "Written from the declarations in `Sources/Planner/Functions` by",
            "`UPDATE_GOLDEN=1 swift test --filter FunctionDocumentTests`; not to be edited.", "",
            "Operators and what has a grammar of its own (CASE, LIKE, IN, casts) are not listed. Where a",
            "note says nothing else, a function does what PostgreSQL 15's does. `\\dfS` in psql and",
            "`pg_catalog.pg_proc` list the same functions, but for the forms that are written in upper case.",
            "",
        ]
        for section in FunctionSection.all {
            lines += ["## \(section.title)", "", "| call | what it gives |", "| --- | --- |"]
            for declaration in section.declarations {
                let note = declaration.note.map { ". \(sentence($0))" } ?? ""
                lines.append(
                    "| \(calls(declaration)) | \(escaped(declaration.description + note)) |")
            }
            lines.append("")
        }
        return lines.dropLast().joined(separator: "\n") + "\n"
    }

    private static func calls(_ declaration: FunctionDeclaration) -> String {
        if let form = declaration.form { return "`\(escaped(form))`" }
        return FunctionCatalog.overloads(of: declaration).map { overload in
            let isCount = declaration.kind == .aggregate && overload.argumentText.isEmpty
            let list = isCount ? "*" : overload.argumentText
            return "`\(overload.name)(\(list)) → \(overload.resultText)`"
        }.joined(separator: "<br>")
    }

    private static func sentence(_ text: String) -> String {
        text.prefix(1).uppercased() + text.dropFirst()
    }

    private static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "|", with: "\\|")
    }
}
