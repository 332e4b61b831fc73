import Dataflow
import Types

/// Whole rows of a table in FROM, where a function takes them: `row_to_json(t)`, `jsonb_agg(t)`.
extension ExpressionBinder {
    /// The document that these make of a whole row.
    private static let documents: [String: DataType] = [
        "row_to_json": .json, "to_json": .json, "json_agg": .json, "to_jsonb": .jsonb,
        "jsonb_agg": .jsonb,
    ]

    /// An argument of a call, with a whole row as the document that the function makes of it.
    func bindArgument(_ node: Expression, of function: String) throws(SQLError) -> Expr {
        guard let type = ExpressionBinder.documents[function], let columns = wholeRow(node) else {
            return try bind(node)
        }
        let entries = columns.map { scope.entries[$0] }
        if entries.contains(where: \.canBeMissing) {
            throw SQLError.unsupported(
                "a whole row of a table that an outer join may leave out",
                at: binder.position(node.at))
        }
        let fields = entries.map { Field($0.name, $0.type.styled(binder.textStyle)) }
        return .call(
            JSONFunctions.document(fields, as: type),
            zip(columns, entries).map { .column($0, $1.type) }, type)
    }

    /// The columns of the table that `t` or `t.*` names; nil when it is something else.
    func wholeRow(_ node: Expression) -> [Int]? {
        let parts: [String]
        switch node {
        case .star(let names, _) where !names.isEmpty: parts = names
        case .column(let names, _) where scope.matches(names).isEmpty: parts = names
        default: return nil
        }
        guard scope.hasTable(parts[...]) else { return nil }
        return scope.star(parts)
    }
}
