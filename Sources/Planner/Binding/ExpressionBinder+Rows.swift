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
        var values: [Expr] = []
        for (column, entry) in zip(columns, entries) {
            values.append(try shown(.column(column, entry.type), node.at))
        }
        let fields = zip(entries, values).map {
            Field($0.name, $1.type.styled(binder.textStyle))
        }
        return .call(JSONFunctions.document(fields, as: type), values, type)
    }

    /// For count(t): a column that is not NULL where the row is there, or nil within when it always is.
    /// - Returns: nil when the node is no whole row.
    func presence(of node: Expression) throws(SQLError) -> Expr?? {
        guard let columns = wholeRow(node) else { return nil }
        if !columns.contains(where: { scope.entries[$0].canBeMissing }) { return .some(nil) }
        guard let key = columns.first(where: { scope.entries[$0].isKey }) else {
            throw SQLError.unsupported(
                "count of whole rows of a table without a primary key that an outer join may leave out",
                at: binder.position(node.at))
        }
        return .column(key, scope.entries[key].type)
    }

    /// (a, b) op ANY (SELECT …), (a, b) op ALL (SELECT …): whether a row makes it true, or leaves it open.
    func rows(
        _ symbol: String, _ left: [Expression], _ query: Query, _ isAll: Bool, _ at: Int
    ) throws(SQLError) -> Expr {
        let negated = ["=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"]
        if isAll {
            guard let other = negated[symbol] else {
                throw SQLError.unsupported(
                    "operator \(symbol) on row values", at: binder.position(at))
            }
            return .not(try rows(other, left, query, false, at))
        }
        // Names that the left side cannot mean.
        let names = left.indices.map { "?\($0 + 1)" }
        let table = TableReference.subquery(
            query, alias: TableAlias(name: "?row", columns: names), isLateral: false, at: at)
        let right = Expression.row(names.map { .column([$0], at: at) }, at: at)
        let holds = Expression.binary(symbol, .row(left, at: at), right, at: at)
        func exists(_ condition: Expression) -> Expression {
            var select = Select(items: [], from: [table], at: at)
            select.items = [Select.Item(expression: .literal(.bool(true), at: at), alias: nil)]
            select.condition = condition
            return .exists(Query(body: .select(select), at: at), at: at)
        }
        let isOpen = Expression.test(holds, .null, negated: false, at: at)
        return try bind(
            .cases(
                operand: nil,
                arms: [
                    (when: exists(holds), then: .literal(.bool(true), at: at)),
                    (when: exists(isOpen), then: .literal(.null, at: at)),
                ], otherwise: .literal(.bool(false), at: at), at: at))
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
