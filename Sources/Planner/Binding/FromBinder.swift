import Dataflow
import Types

/// Binds the FROM clause: what is read, and which columns names can mean.
struct FromBinder {
    private let binder: Binder

    init(_ binder: Binder) { self.binder = binder }

    typealias Bound = (plan: LogicalPlan, scope: Scope)

    func bind(_ list: [TableReference]) throws(SQLError) -> Bound {
        guard let first = list.first else { return (.unit, Scope()) }
        var result = try bind(first)
        for next in list.dropFirst() {
            let right = try bind(next)
            try refuseSameNames(result.scope, right.scope, at: 0)
            result = (
                .join(.init(kind: .inner, left: result.plan, right: right.plan, keys: [])),
                Scope(entries: result.scope.entries + right.scope.entries)
            )
        }
        return result
    }

    private func bind(_ reference: TableReference) throws(SQLError) -> Bound {
        switch reference {
        case .table(let parts, let alias, let at): return try table(parts, alias, at)
        case .subquery(let query, let alias, let isLateral, let at):
            if isLateral { throw SQLError.unsupported("LATERAL", at: binder.position(at)) }
            guard let alias else {
                throw SQLError(
                    .syntaxError, "subquery in FROM must have an alias",
                    hint: "For example, FROM (SELECT ...) [AS] foo.", position: binder.position(at))
            }
            return try scoped(try binder.bind(query), alias.name, alias.columns, at)
        case .function(let call, let alias, let withOrdinality):
            if withOrdinality {
                throw SQLError.unsupported("WITH ORDINALITY", at: binder.position(call.at))
            }
            return try function(call, alias)
        case .join(let kind, let left, let right, let condition, let at):
            return try join(kind, try bind(left), try bind(right), condition, at)
        }
    }

    private func scoped(_ plan: LogicalPlan, _ name: String, _ columns: [String], _ at: Int)
        throws(SQLError) -> Bound
    {
        let renamed = try binder.renamed(plan, columns, name, at: at)
        return (
            renamed,
            Scope(entries: renamed.fields.map { .init(table: name, name: $0.name, type: $0.type) })
        )
    }

    // MARK: - Relations

    private func table(_ parts: [String], _ alias: TableAlias?, _ at: Int) throws(SQLError) -> Bound
    {
        let name = alias?.name ?? parts[parts.count - 1]
        if parts.count == 1 {
            for tables in binder.commonTables.reversed() {
                if let plan = tables[parts[0]] {
                    return try scoped(plan, name, alias?.columns ?? [], at)
                }
            }
        }
        let object = try binder.catalog.resolve(
            QualifiedName(parts: parts, at: at), position: binder.position(at))
        if object.kind == .system, binder.isForView {
            throw SQLError.unsupported(
                "system relation \"\(object.name)\" in a materialized view", at: binder.position(at)
            )
        }
        if object.kind != .system { binder.references.insert(object.oid) }
        return try scoped(try plan(of: object, at), name, alias?.columns ?? [], at)
    }

    /// A scan, or a view's own plan in its place.
    private func plan(of object: CatalogObject, _ at: Int) throws(SQLError) -> LogicalPlan {
        guard object.kind == .view else {
            return .scan(object, columns: Array(object.columns.indices))
        }
        guard binder.viewDepth < 32 else {
            throw SQLError(.statementTooComplex, "views are nested more than 32 deep")
        }
        binder.viewDepth += 1
        let outer = binder.commonTables
        binder.commonTables = []
        defer {
            binder.viewDepth -= 1
            binder.commonTables = outer
        }
        let inner = try binder.bind(try Parser.query(object.text))
        return try binder.renamed(inner, object.columns.map(\.name), object.name, at: at)
    }

    // MARK: - Functions

    private func function(_ call: FunctionCall, _ alias: TableAlias?) throws(SQLError) -> Bound {
        let name = call.name[call.name.count - 1]
        switch name {
        case "tumble": return try tumble(call, alias)
        case "hop", "session", "cumulate":
            throw SQLError.unsupported("\(name.uppercased())", at: binder.position(call.at))
        case "generate_series": return try series(call, alias)
        default:
            let expressions = ExpressionBinder(
                binder: binder, scope: Scope(), forbidsAggregates: "functions in FROM")
            let value = try expressions.bindCall(call)
            let field = Field(alias?.columns.first ?? alias?.name ?? name, value.type)
            return try scoped(.project(.unit, [value], [field]), alias?.name ?? name, [], call.at)
        }
    }

    /// TUMBLE(relation, time column, width): the relation's rows with window_start and window_end.
    private func tumble(_ call: FunctionCall, _ alias: TableAlias?) throws(SQLError) -> Bound {
        guard call.arguments.count == 3, case .column(let table, let tableAt) = call.arguments[0],
            case .column(let column, let columnAt) = call.arguments[1]
        else {
            throw SQLError(
                .undefinedFunction, "TUMBLE takes a relation, a column and an interval",
                hint: "For example, TUMBLE(bid, date_time, INTERVAL '10 seconds').",
                position: binder.position(call.at))
        }
        let (input, scope) = try self.table(table, nil, tableAt)
        let expressions = ExpressionBinder(
            binder: binder, scope: scope, forbidsAggregates: "TUMBLE")
        let time = try expressions.column(column, columnAt)
        guard time.type.kind == .timestamp else {
            throw SQLError(
                .datatypeMismatch,
                "the time column of TUMBLE must be of type timestamp, not \(time.type.name)",
                position: binder.position(columnAt))
        }
        let width = try binder.convertImplicitly(
            try ExpressionBinder(binder: binder, scope: Scope()).bind(call.arguments[2]),
            to: .interval,
            at: call.arguments[2].at)
        let start = try expressions.function("tumble_start", [time, width], call.at)
        let end = try expressions.binary("+", start, width, call.at, (call.at, call.at))
        var list = input.fields.enumerated().map { Expr.column($0.offset, $0.element.type) }
        list += [start, end]
        let fields =
            input.fields + [Field("window_start", .timestamp), Field("window_end", .timestamp)]
        return try scoped(
            .project(input, list, fields), alias?.name ?? table[table.count - 1],
            alias?.columns ?? [],
            call.at)
    }

    private func series(_ call: FunctionCall, _ alias: TableAlias?) throws(SQLError) -> Bound {
        let expressions = ExpressionBinder(
            binder: binder, scope: Scope(), forbidsAggregates: "functions in FROM")
        var bounds = try expressions.bindAll(call.arguments)
        guard bounds.count == 2 || bounds.count == 3 else {
            throw SQLError(
                .undefinedFunction, "function generate_series does not exist",
                hint:
                    "No function matches the given name and argument types. You might need to add "
                    + "explicit type casts.", position: binder.position(call.at))
        }
        let name = alias?.name ?? "generate_series"
        if bounds.contains(where: { $0.0.type.kind == .timestamp }), bounds.count == 3 {
            let list = [
                try binder.convertImplicitly(bounds[0].0, to: .timestamp, at: bounds[0].1),
                try binder.convertImplicitly(bounds[1].0, to: .timestamp, at: bounds[1].1),
                try binder.convertImplicitly(bounds[2].0, to: .interval, at: bounds[2].1),
            ]
            let field = Field(alias?.columns.first ?? name, .timestamp)
            return try scoped(.series(.unit, list, field), name, [], call.at)
        }
        if bounds.contains(where: {
            OverloadResolution.category($0.0.type) == .string && $0.0.type.kind != .unknown
        }) {
            let types = bounds.map(\.0.type.name).joined(separator: ", ")
            throw SQLError(
                .undefinedFunction, "function generate_series(\(types)) does not exist",
                hint:
                    "No function matches the given name and argument types. You might need to add "
                    + "explicit type casts.", position: binder.position(call.at))
        }
        if bounds.count == 2 { bounds.append((.constant(.int(1), .int4), call.at)) }
        let isWide = bounds.contains { $0.0.type.kind == .int8 }
        let type: DataType = isWide ? .int8 : .int4
        var list: [Expr] = []
        for (bound, at) in bounds {
            guard bound.type.isInteger || bound.type.kind == .unknown else {
                throw SQLError.unsupported(
                    "generate_series over \(bound.type.name)", at: binder.position(at))
            }
            list.append(try binder.convertImplicitly(bound, to: type, at: at))
        }
        let field = Field(alias?.columns.first ?? name, type)
        return try scoped(.series(.unit, list, field), name, [], call.at)
    }

    // MARK: - Joins

    private func refuseSameNames(_ left: Scope, _ right: Scope, at: Int) throws(SQLError) {
        let names = Set(left.entries.map(\.table))
        if let twice = right.entries.first(where: { names.contains($0.table) }) {
            throw SQLError(
                .duplicateAlias, "table name \"\(twice.table)\" specified more than once")
        }
    }

    private func join(
        _ kind: TableReference.JoinKind, _ left: Bound, _ right: Bound,
        _ condition: TableReference.JoinCondition, _ at: Int
    ) throws(SQLError) -> Bound {
        try refuseSameNames(left.scope, right.scope, at: at)
        let joinKind: LogicalPlan.JoinKind =
            switch kind {
            case .inner, .cross: .inner
            case .left: .left
            case .right: .right
            case .full: .full
            }
        var scope = Scope(entries: left.scope.entries + right.scope.entries)
        var predicate: Expr?
        switch condition {
        case .none: break
        case .on(let node):
            let expressions = ExpressionBinder(
                binder: binder, scope: scope, forbidsAggregates: "JOIN conditions")
            predicate = try binder.condition(try expressions.bind(node), "JOIN/ON", at: node.at)
        case .using(let names):
            predicate = try using(names, left.scope, right.scope, &scope, joinKind, at)
        case .natural:
            let names = left.scope.entries.filter { !$0.isHidden }.map(\.name)
                .filter { name in right.scope.entries.contains { $0.name == name && !$0.isHidden } }
            predicate = try using(names, left.scope, right.scope, &scope, joinKind, at)
        }
        let join = LogicalPlan.Join(
            kind: joinKind, left: left.plan, right: right.plan, keys: [], condition: predicate)
        return (.join(join), scope)
    }

    /// Equality of the named columns; the right one is hidden behind the left one.
    private func using(
        _ names: [String], _ left: Scope, _ right: Scope, _ scope: inout Scope,
        _ kind: LogicalPlan.JoinKind, _ at: Int
    ) throws(SQLError) -> Expr? {
        if kind == .right || kind == .full {
            throw SQLError.unsupported("USING in a \(kind.rawValue) join", at: binder.position(at))
        }
        let expressions = ExpressionBinder(binder: binder, scope: scope)
        var predicate: Expr?
        for name in names {
            let (a, b) = (left.matches([name]), right.matches([name]))
            for (found, side) in [(a, "left"), (b, "right")] {
                if found.isEmpty {
                    throw SQLError(
                        .undefinedColumn,
                        "column \"\(name)\" specified in USING clause does not exist in \(side) table",
                        position: binder.position(at))
                }
                if found.count > 1 {
                    throw SQLError(
                        .ambiguousColumn,
                        "common column name \"\(name)\" appears more than once in \(side) table",
                        position: binder.position(at))
                }
            }
            let rightIndex = left.entries.count + b[0]
            let equal = try expressions.binary(
                "=", .column(a[0], scope.entries[a[0]].type),
                .column(rightIndex, scope.entries[rightIndex].type), at, (at, at))
            predicate = predicate.map { .and($0, equal) } ?? equal
            scope.entries[rightIndex].isHidden = true
        }
        return predicate
    }
}
