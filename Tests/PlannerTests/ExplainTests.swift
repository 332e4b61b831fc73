import Planner
import Testing
import Types

@Suite struct ExplainTests {
    private static func catalog() -> Catalog {
        var catalog = Catalog()
        for (name, columns) in [("a", ["id", "x"]), ("b", ["id", "y"])] {
            catalog.put(
                CatalogObject(
                    oid: catalog.nextOID, schema: "public", name: name, kind: .table,
                    columns: columns.map { CatalogColumn($0, .int8) }))
        }
        return catalog
    }

    private static func lines(_ text: String) throws -> [String] {
        let context = SessionContext(
            user: "u", database: "d", catalog: catalog(), settings: [:], now: 0, backendID: 1)
        let plan = try Binder(context: context, text: text).bind(Parser.query(text))
        return Explain.lines(Optimizer.optimized(plan))
    }

    private static func line(_ lines: [String], with part: String) throws -> Int {
        try #require(lines.firstIndex { $0.contains(part) }, "\(part) in \(lines)")
    }

    @Test func anEqualityBecomesTheJoinsKeyAndAConditionGoesToItsSide() throws {
        let lines = try Self.lines("SELECT a.x FROM a, b WHERE a.id = b.id AND b.y > 5")
        let join = try Self.line(lines, with: "Join on [id = id]")
        #expect(!lines[join].contains(" where "))
        let filter = try Self.line(lines, with: "Filter (y > ")
        let scan = try Self.line(lines, with: "Scan public.b ")
        #expect(join < filter && filter + 1 == scan, "\(lines)")
    }

    @Test func aConditionThatCanFailGoesToItsSideAndOneOfBothSidesStaysAbove() throws {
        let lines = try Self.lines(
            "SELECT a.x FROM a, b WHERE a.id = b.id AND 10 / b.y > 1 AND a.x / b.y > 2")
        let join = try Self.line(lines, with: "Join on [id = id]")
        let below = try Self.line(lines, with: "10 / y")
        let above = try Self.line(lines, with: "x / y")
        #expect(above < join && join < below, "\(lines)")
    }

    @Test func columnsThatNobodyReadsAreNotScanned() throws {
        let lines = try Self.lines("SELECT a.x FROM a")
        let scan = try Self.line(lines, with: "Scan public.a ")
        #expect(lines[scan].contains("Scan public.a [x] "))
    }
}
