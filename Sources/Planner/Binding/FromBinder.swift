import Dataflow
import Types

/// Binds the FROM clause: what is read, and which columns names can mean.
struct FromBinder {
    let binder: Binder
    /// What stands to the left, the nearest last: LATERAL items may refer to it.
    private var left: [Scope] = []

    init(_ binder: Binder) { self.binder = binder }

    typealias Bound = (plan: LogicalPlan, scope: Scope)

    func bind(_ list: [TableReference]) throws(SQLError) -> Bound {
        guard let first = list.first else { return (.unit, Scope()) }
        var result = try bind(first)
        for next in list.dropFirst() {
            let (right, level) = try bind(next, beside: result.scope)
            try refuseSameNames(result.scope, right.scope, at: 0)
            result = (
                try joined(.inner, result.plan, right.plan, nil, level),
                Scope(entries: result.scope.entries + right.scope.entries)
            )
        }
        return result
    }

    /// An item of FROM that may refer to those before it, and the level by which it does.
    private func bind(_ reference: TableReference, beside left: Scope) throws(SQLError) -> (
        Bound, level: Int?
    ) {
        var inner = self
        inner.left.append(left)
        switch reference {
        case .subquery(_, _, isLateral: true, _), .function, .join:
            return (try inner.bind(reference), binder.outerScopes.count + self.left.count)
        default: return (try inner.bind(reference), nil)
        }
    }

    /// What a LATERAL item is bound with: it sees what stands to its left.
    private func laterally<Result>(_ body: (FromBinder) throws(SQLError) -> Result)
        throws(SQLError) -> Result
    {
        binder.outerScopes += left
        defer { binder.outerScopes.removeLast(left.count) }
        return try body(FromBinder(binder))
    }

    /// The join, of all values of the left columns at once when the right side refers to them.
    private func joined(
        _ kind: LogicalPlan.JoinKind, _ left: LogicalPlan, _ right: LogicalPlan,
        _ condition: Expr?, _ level: Int?
    ) throws(SQLError) -> LogicalPlan {
        let referred = level.map { OuterReference.columns(of: right, level: $0) } ?? []
        guard let level, !referred.isEmpty else {
            return .join(
                .init(kind: kind, left: left, right: right, keys: [], condition: condition))
        }
        guard kind == .inner || kind == .left else {
            throw SQLError(
                .invalidColumnReference, "invalid reference to FROM-clause entry",
                detail: "The combining JOIN type must be INNER or LEFT for a LATERAL reference.")
        }
        let images = OuterImages(left, referred)
        let columns = images.columns
        let below = try Decorrelation(outer: images.plan, columns: columns, level: level)
            .depending(right)
        let (width, own) = (left.fields.count, right.fields.count)
        var join = LogicalPlan.Join(
            kind: kind, left: images.plan, right: below,
            keys: columns.enumerated().map { (left: $0.element, right: own + $0.offset) },
            condition: condition?.remapped { index in
                index < width || OuterReference.isOuter(index) ? index : index + images.count
            })
        join.nullsMatch = true
        let fields = LogicalPlan.join(join).fields
        let kept = Array(0..<(width + images.count + own))
        return images.dropped(
            from: .project(
                .join(join), kept.map { .column($0, fields[$0].type) }, kept.map { fields[$0] }))
    }

    private func bind(_ reference: TableReference) throws(SQLError) -> Bound {
        switch reference {
        case .table(let parts, let alias, let at): return try table(parts, alias, at)
        case .subquery(let query, let alias, isLateral: true, let at) where !left.isEmpty:
            return try laterally { (inner) throws(SQLError) in
                try inner.bind(.subquery(query, alias: alias, isLateral: true, at: at))
            }
        case .function where !left.isEmpty:
            return try laterally { (inner) throws(SQLError) in try inner.bind(reference) }
        case .subquery(let query, let alias, _, let at):
            // Without LATERAL, what stands beside it cannot be seen.
            guard let alias else {
                throw SQLError(
                    .syntaxError, "subquery in FROM must have an alias",
                    hint: "For example, FROM (SELECT ...) [AS] foo.", position: binder.position(at))
            }
            let plan = try binder.withKnownTypes(try binder.bind(query), at: at)
            return try scoped(plan, alias.name, alias.columns, at)
        case .function(let call, let alias, let withOrdinality):
            if let rows = try setReturning(call, alias, withOrdinality) { return rows }
            return try function(call, alias, withOrdinality)
        case .join(let kind, let left, let right, let condition, let at):
            let first = try bind(left)
            let (second, level) = try bind(right, beside: first.scope)
            var bound = try join(kind, first, second, condition, level, at)
            // Columns that USING has merged come before those of the sides.
            let sides = first.scope.entries.count + second.scope.entries.count
            let merged: Int
            if case .using(let names, alias: _?) = condition {
                merged = names.count
            } else {
                merged = bound.scope.entries.count - sides
            }
            for index in merged..<(merged + sides) {
                let isLeft = index < merged + first.scope.entries.count
                if kind == .full || kind == (isLeft ? .right : .left) {
                    bound.scope.entries[index].canBeMissing = true
                }
            }
            return bound
        }
    }

    func scoped(_ plan: LogicalPlan, _ name: String, _ columns: [String], _ at: Int)
        throws(SQLError) -> Bound
    {
        let renamed = try binder.renamed(plan, columns, name, at: at)
        return (
            renamed,
            Scope(
                entries: renamed.fields.enumerated().map {
                    .init(
                        table: name, name: $0.element.name, type: $0.element.type,
                        position: $0.offset)
                })
        )
    }

    // MARK: - Relations

    func table(_ parts: [String], _ alias: TableAlias?, _ at: Int) throws(SQLError) -> Bound {
        let name = alias?.name ?? parts[parts.count - 1]
        if parts.count == 1, let plan = binder.commonTable(parts[0]) {
            return try scoped(plan, name, alias?.columns ?? [], at)
        }
        let object = try binder.relation(parts, at: at)
        if object.kind == .system, binder.isForView {
            throw SQLError.unsupported(
                "system relation \"\(object.name)\" in a materialized view", at: binder.position(at)
            )
        }
        if object.kind == .index {
            throw SQLError(
                .wrongObjectType, "cannot open relation \"\(object.name)\"",
                detail: "This operation is not supported for indexes.",
                position: binder.position(at))
        }
        if object.kind != .system { binder.references.insert(object.oid) }
        var bound = try scoped(try plan(of: object, at), name, alias?.columns ?? [], at)
        // A view's text says the schema that the relation had when the view was made.
        let isPinned = binder.isPinned(parts)
        for index in bound.scope.entries.indices {
            if alias == nil {
                bound.scope.entries[index].schema =
                    isPinned && parts.count > 1 ? parts[parts.count - 2] : object.schema
                bound.scope.entries[index].isOfAnySchema = isPinned && parts.count == 1
            }
            bound.scope.entries[index].isKey =
                object.kind == .table && object.primaryKey.contains(index)
            if object.kind != .view { bound.scope.entries[index].relation = object.oid }
        }
        return bound
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
        let (tables, scopes) = (binder.commonTables, binder.outerScopes)
        let names = binder.pinnedNames
        binder.commonTables = []
        binder.outerScopes = []
        binder.pinnedNames = object.pinnedNames
        defer {
            binder.viewDepth -= 1
            binder.commonTables = tables
            binder.outerScopes = scopes
            binder.pinnedNames = names
        }
        let inner = try binder.withKnownTypes(
            try binder.bind(try Parser.query(object.text)), at: at)
        return try binder.renamed(inner, object.columns.map(\.name), object.name, at: at)
    }

    // MARK: - Functions

    private func function(_ call: FunctionCall, _ alias: TableAlias?, _ withOrdinality: Bool)
        throws(SQLError) -> Bound
    {
        let name = call.name[call.name.count - 1]
        if withOrdinality, ["tumble", "hop", "session", "cumulate"].contains(name) {
            throw SQLError.unsupported(
                "WITH ORDINALITY of \(name.uppercased())", at: binder.position(call.at))
        }
        switch name {
        case "tumble": return try tumble(call, alias)
        case "hop": return try hop(call, alias)
        case "session": return try session(call, alias)
        case "cumulate": throw SQLError.unsupported("CUMULATE", at: binder.position(call.at))
        default:
            let expressions = ExpressionBinder(
                binder: binder, scope: Scope(), forbidsAggregates: "functions in FROM")
            let value = try expressions.bindCall(call)
            var list = [value]
            var fields = [Field(alias?.name ?? name, value.type)]
            if withOrdinality {
                list.append(.constant(.int(1), .int8))
                fields.append(Field("ordinality", .int8))
            }
            return try scoped(
                .project(.unit, list, fields), alias?.name ?? name, alias?.columns ?? [], call.at)
        }
    }

    /// unnest and its kin; nil when the function gives one value.
    private func setReturning(_ call: FunctionCall, _ alias: TableAlias?, _ withOrdinality: Bool)
        throws(SQLError) -> Bound?
    {
        let name = call.name[call.name.count - 1]
        let found = Subqueries(binder, outer: Scope())
        let expressions = ExpressionBinder(
            binder: binder, scope: Scope(), forbidsAggregates: "functions in FROM",
            subqueries: found)
        guard let rows = try SetFunctions.arrays(expressions, call) else { return nil }
        let table = alias?.name ?? name
        var fields = rows.map { $0.field }
        if fields.count == 1, rows[0].takesAlias { fields[0].name = table }
        if withOrdinality { fields.append(Field("ordinality", .int8)) }
        let input = try found.applied(to: .unit)
        let plan: LogicalPlan
        if !withOrdinality, let bounds = SetFunctions.bounds(ofSeries: rows[0].array) {
            plan = .series(input, bounds, fields[0])
        } else {
            plan = .unnest(input, rows.map(\.array), fields)
        }
        let width = plan.fields.count
        let own = SubqueryJoin.kept(plan, (width - fields.count)..<width)
        var bound = try scoped(
            found.isEmpty ? plan : own, table, alias?.columns ?? [], call.at)
        if fields.count == 1 { bound.scope.entries[0].isWhole = true }
        return bound
    }

    // MARK: - Joins

    private func refuseSameNames(_ left: Scope, _ right: Scope, at: Int) throws(SQLError) {
        // The same name in two schemas is two tables; an alias, or a query of WITH, has no schema.
        var schemas: [String: Set<String?>] = [:]
        for entry in left.entries where !entry.table.isEmpty {
            schemas[entry.table, default: []].insert(entry.schema)
        }
        for twice in right.entries {
            guard let taken = schemas[twice.table],
                twice.schema == nil || taken.contains(nil) || taken.contains(twice.schema)
            else { continue }
            throw SQLError(
                .duplicateAlias, "table name \"\(twice.table)\" specified more than once")
        }
    }

    private func join(
        _ kind: TableReference.JoinKind, _ left: Bound, _ right: Bound,
        _ condition: TableReference.JoinCondition, _ level: Int?, _ at: Int
    ) throws(SQLError) -> Bound {
        try refuseSameNames(left.scope, right.scope, at: at)
        let joinKind: LogicalPlan.JoinKind =
            switch kind {
            case .inner, .cross: .inner
            case .left: .left
            case .right: .right
            case .full: .full
            }
        let scope = Scope(entries: left.scope.entries + right.scope.entries)
        switch condition {
        case .none: return (try joined(joinKind, left.plan, right.plan, nil, level), scope)
        case .on(let node):
            let found = Subqueries(binder, outer: scope)
            let expressions = ExpressionBinder(
                binder: binder, scope: scope, forbidsAggregates: "JOIN conditions",
                subqueries: found, isCondition: true)
            let predicate = try binder.condition(
                try expressions.bind(node), "JOIN/ON", at: node.at)
            guard !found.isEmpty else {
                return (try joined(joinKind, left.plan, right.plan, predicate, level), scope)
            }
            let pairs = try joined(.inner, left.plan, right.plan, nil, level)
            let matching = SubqueryJoin.kept(
                try found.filtered(pairs, by: predicate), 0..<pairs.fields.count)
            let join = SubqueryJoin(left: left.plan, right: right.plan, matching: matching)
            return (join.plan(joinKind), scope)
        case .using(let names, let alias):
            let bound = try using(names, left, right, joinKind, level, at)
            guard let alias else { return bound }
            return try aliased(bound, merged: names.count, as: alias, at)
        case .natural:
            var names: [String] = []
            for entry in left.scope.entries where !entry.isHidden {
                let isShared = right.scope.entries.contains {
                    $0.name == entry.name && !$0.isHidden
                }
                if isShared, !names.contains(entry.name) { names.append(entry.name) }
            }
            return try using(names, left, right, joinKind, level, at)
        }
    }

    /// The merged columns, which are the first, once more at the end, as those of a table.
    private func aliased(_ bound: Bound, merged: Int, as alias: String, _ at: Int) throws(SQLError)
        -> Bound
    {
        guard !bound.scope.hasTable(alias) else {
            throw SQLError(
                .duplicateAlias, "table name \"\(alias)\" specified more than once",
                position: binder.position(at))
        }
        let fields = bound.plan.fields
        let order = Array(fields.indices) + Array(0..<merged)
        var scope = bound.scope
        for index in 0..<merged {
            scope.entries.append(
                .init(
                    table: alias, name: fields[index].name, type: fields[index].type,
                    isHidden: true, position: index))
        }
        return (
            .project(
                bound.plan, order.map { .column($0, fields[$0].type) }, order.map { fields[$0] }),
            scope
        )
    }

    private func usingColumn(_ name: String, _ scope: Scope, _ side: String, _ at: Int)
        throws(SQLError) -> Int
    {
        let found = scope.matches([name])
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
        return found[0]
    }

    /// Whether an inner join's merged column is the right one: when it has the common type and the left one
    /// has not. They are equal, but need not look alike (buildMergedJoinVar in PostgreSQL's parse_clause.c).
    private static func prefersRight(_ left: DataType, _ right: DataType) -> Bool {
        guard let type = OverloadResolution.commonType([left, right]) else { return false }
        let isSame = left.kind == right.kind && left.modifier == right.modifier
        func isCommon(_ side: DataType) -> Bool {
            side.kind == type.kind && (isSame || side.modifier < 0)
        }
        return !isCommon(left) && isCommon(right)
    }

    /// Equality of the named columns, which come first, each once: the left one's value, the right
    /// one's in a right join, whichever is there in a full join.
    private func using(
        _ names: [String], _ left: Bound, _ right: Bound, _ kind: LogicalPlan.JoinKind,
        _ level: Int?, _ at: Int
    ) throws(SQLError) -> Bound {
        if let twice = names.enumerated().first(where: {
            names.prefix($0.offset).contains($0.element)
        }) {
            throw SQLError(
                .duplicateColumn,
                "column name \"\(twice.element)\" appears more than once in USING clause",
                position: binder.position(at))
        }
        var entries = left.scope.entries + right.scope.entries
        let expressions = ExpressionBinder(binder: binder, scope: Scope(entries: entries))
        let width = left.scope.entries.count
        var predicate: Expr?
        var merged: [(expression: Expr, entry: Scope.Entry)] = []
        for name in names {
            let a = try usingColumn(name, left.scope, "left", at)
            let b = try usingColumn(name, right.scope, "right", at) + width
            let (first, second) = (
                Expr.column(a, entries[a].type), Expr.column(b, entries[b].type)
            )
            guard let type = OverloadResolution.commonType([first.type, second.type]) else {
                throw SQLError(
                    .datatypeMismatch,
                    "JOIN/USING types \(first.type.base.name) and \(second.type.base.name) cannot be matched",
                    position: binder.position(at))
            }
            let equal = try expressions.binary("=", first, second, at, (at, at))
            predicate = predicate.map { .and($0, equal) } ?? equal
            let chosen =
                kind == .right || kind == .inner && FromBinder.prefersRight(first.type, second.type)
                ? b : a
            for place in [a, b] {
                entries[place].isHidden = true
                // What an earlier USING has merged can be named no other way.
                if entries[place].table.isEmpty, kind == .full { entries[place].name = "" }
            }
            if kind != .full, entries[chosen].type.kind == type.kind {
                // The merged column is the side's own: a name of either kind means the same.
                var entry = entries[chosen]
                entry.isHidden = false
                merged.append((.column(chosen, entry.type), entry))
                entries[chosen].table = ""
                entries[chosen].name = ""
                continue
            }
            let sides = [
                try binder.convertImplicitly(first, to: type, at: at),
                try binder.convertImplicitly(second, to: type, at: at),
            ]
            let value: Expr =
                kind == .full ? .coalesce(sides, type) : sides[chosen == b ? 1 : 0]
            merged.append((value, .init(table: "", name: name, type: type)))
        }
        let plan = try joined(kind, left.plan, right.plan, predicate, level)
        let list =
            merged.map(\.expression)
            + plan.fields.enumerated().map { .column($0.offset, $0.element.type) }
        let fields = merged.map { Field($0.entry.name, $0.expression.type) } + plan.fields
        return (.project(plan, list, fields), Scope(entries: merged.map(\.entry) + entries))
    }
}
