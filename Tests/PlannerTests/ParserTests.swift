import Planner
import Testing
import Types

@Suite struct ParserTests {
    static let errors: [(text: String, message: String, position: Int)] = [
        ("SELEC 1", "syntax error at or near \"SELEC\"", 1),
        ("SELECT 1 +", "syntax error at end of input", 11),
        ("SELECT (1", "syntax error at end of input", 10),
        ("SELECT 1)", "syntax error at or near \")\"", 9),
        ("SELECT 1 2", "syntax error at or near \"2\"", 10),
        ("SELECT 1 FROM", "syntax error at end of input", 14),
        // Positions count characters, not bytes.
        ("SELECT 'ü' FROM FROM t", "syntax error at or near \"FROM\"", 17),
        ("SELECT 1; SELEC 2", "syntax error at or near \"SELEC\"", 11),
    ]

    @Test(arguments: errors)
    func errorsPointAtTheOffendingToken(text: String, message: String, position: Int) {
        do throws(SQLError) {
            _ = try Parser.statements(text)
            Issue.record("\(text) was accepted")
        } catch {
            #expect(error.state == .syntaxError)
            #expect(error.message == message)
            #expect(error.position == position)
        }
    }

    @Test(arguments: ["SELECT 'open", "SELECT \"open", "SELECT /* open", "SELECT $q$ open"])
    func whatIsNotClosedIsASyntaxError(text: String) {
        do throws(SQLError) {
            _ = try Parser.statements(text)
            Issue.record("\(text) was accepted")
        } catch {
            #expect(error.state == .syntaxError)
        }
    }

    // MARK: - Precedence

    /// With every operation in parentheses.
    private static func shape(_ expression: Expression) -> String {
        switch expression {
        case .literal(.integer(let digits), _): return digits
        case .column(let parts, _): return parts.joined(separator: ".")
        case .unary(let symbol, let inner, _): return "(\(symbol)\(shape(inner)))"
        case .binary(let symbol, let left, let right, _):
            return "(\(shape(left)) \(symbol) \(shape(right)))"
        case .and(let left, let right): return "(\(shape(left)) AND \(shape(right)))"
        case .or(let left, let right): return "(\(shape(left)) OR \(shape(right)))"
        case .not(let inner, _): return "(NOT \(shape(inner)))"
        default: return "?"
        }
    }

    static let precedences: [(text: String, shape: String)] = [
        ("1 + 2 * 3", "(1 + (2 * 3))"), ("1 - 2 - 3", "((1 - 2) - 3)"),
        ("(1 + 2) * 3", "((1 + 2) * 3)"),
        ("a * b % c", "((a * b) % c)"), ("a OR b AND c", "(a OR (b AND c))"),
        ("NOT a = b", "(NOT (a = b))"),
        ("NOT a AND b", "((NOT a) AND b)"), ("-a * b", "((-a) * b)"),
        ("a || b = c", "((a || b) = c)"),
        ("a + b < c * d", "((a + b) < (c * d))"), ("2 ^ 3 ^ 2", "((2 ^ 3) ^ 2)"),
        ("a AND b OR c AND d", "((a AND b) OR (c AND d))"), ("t.a + 1 = 2", "((t.a + 1) = 2)"),
    ]

    @Test(arguments: precedences)
    func operatorsBindAsInPostgres(text: String, shape: String) throws {
        #expect(Self.shape(try Parser.expression(text)) == shape)
    }

    // MARK: - Statements

    static let scripts: [(text: String, parts: [String])] = [
        ("", []), (" ; ;; ", []), ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1; SELECT ';' ;", ["SELECT 1", "SELECT ';'"]),
        ("SELECT 1 -- ; not here\n; SELECT 2", ["SELECT 1", "SELECT 2"]),
        (
            "SELECT /* ; /* ; */ */ 1;SELECT $x$;$x$",
            ["SELECT /* ; /* ; */ */ 1", "SELECT $x$;$x$"]
        ),
    ]

    @Test(arguments: scripts)
    func aTextIsSplitIntoItsStatements(text: String, parts: [String]) throws {
        #expect(try Parser.statements(text).map(\.text) == parts)
    }

    @Test func nestingHasALimit() {
        let deep =
            String(repeating: "(", count: 20_000) + "1" + String(repeating: ")", count: 20_000)
        #expect(throws: SQLError.self) { _ = try Parser.expression(deep) }
    }
}
