import Dataflow
import Types

/// Subqueries in the expressions of one clause: each becomes columns of a join behind the clause's own.
///
/// Their columns are numbered from `firstColumn` on while the clause is bound; `applied` joins them.
final class Subqueries {
    private enum Kind {
        /// The values of the one row, with `counts` how many rows there are behind them.
        case scalar(counts: Bool)
        /// A column that is not NULL where there is a row.
        case exists
        /// The left values; a column that is not NULL where a row equals them; with `isExact` also how
        /// many rows there are and how many of them have no NULL.
        case contains([Expr], isExact: Bool)
        /// The left value's rivals: rows, rows without NULL, least, greatest.
        case extremes
        /// All values as an array, NULL where there are none.
        case array(Aggregate)

        /// What tells those of one query apart.
        var name: String {
            switch self {
            case .scalar(let counts): "scalar \(counts)"
            case .exists: "exists"
            case .extremes: "extremes"
            case .contains(let values, let isExact):
                "contains \(isExact) \(values.map { $0.fingerprint })"
            case .array(let aggregate):
                "array "
                    + aggregate.order.map {
                        "\($0.expression.fingerprint) \($0.descending) \($0.nullsFirst)"
                    }.joined(separator: ",")
            }
        }
    }

    private struct Item {
        let kind: Kind
        let plan: LogicalPlan
        let level: Int
        /// The rows that need an answer; nil: all of them.
        let condition: Expr?
        /// Those that it adds.
        var columns: Range<Int> = 0..<0
    }

    private let binder: Binder
    private let outer: Scope
    private let firstColumn: Int
    private var items: [Item] = []
    private var types: [DataType] = []
    private var known: [String: Int] = [:]
    /// How many columns the clause's own plan has.
    private var base = 0
    /// What holds for the rows that ask the query that is bound next: the conditions of CASE, AND, OR, COALESCE
    /// and FILTER before it.
    var conditions: [Expr] = []

    /// - Parameter firstColumn: the number of the first column that is added; the width of what
    ///   `applied` will get, unless that is not known yet.
    init(_ binder: Binder, outer: Scope, firstColumn: Int? = nil) {
        self.binder = binder
        self.outer = outer
        self.firstColumn = firstColumn ?? outer.entries.count
    }

    var isEmpty: Bool { items.isEmpty }

    /// Entries that nobody can name, for the columns that were added.
    func extended(_ scope: Scope) -> Scope {
        var copy = scope
        for type in types {
            copy.entries.append(.init(table: "", name: "", type: type, isHidden: true))
        }
        return copy
    }

    // MARK: - Binding

    /// Binds a query that can see the clause's columns.
    private func bind(_ query: Query) throws(SQLError) -> (plan: LogicalPlan, level: Int) {
        binder.outerScopes.append(outer)
        defer { binder.outerScopes.removeLast() }
        let wasOverNothing = binder.isOverNothing
        defer { binder.isOverNothing = wasOverNothing }
        return (try binder.bind(query), binder.outerScopes.count - 1)
    }

    /// - Returns: the number of the first column.
    private func add(_ kind: Kind, _ bound: (plan: LogicalPlan, level: Int), _ added: [DataType])
        -> Int
    {
        // What cannot fail may be asked for any row.
        var canFail = bound.plan.canFail
        if case .contains(let values, _) = kind, values.contains(where: \.canFail) {
            canFail = true
        }
        let condition = canFail ? asked : nil
        // One that is written twice, as an aggregate's argument and its ORDER BY, is one.
        let text = bound.plan.fingerprint.map {
            "\(kind.name) \(condition?.fingerprint ?? "") \($0)"
        }
        if let text, let known = known[text] { return known }
        if let text { known[text] = firstColumn + types.count }
        let first = firstColumn + types.count
        items.append(
            Item(
                kind: kind, plan: bound.plan, level: bound.level, condition: condition,
                columns: first..<(first + added.count)))
        types += added
        return first
    }

    /// What the answer in a column depends on: the clause's own columns, and those of queries around it.
    /// - Returns: nil when no subquery gives the column.
    func dependence(of column: Int) -> (isOwn: Bool, isOuter: Bool)? {
        guard let item = items.first(where: { $0.columns.contains(column) }) else { return nil }
        func refers(_ level: Int) -> Bool {
            !OuterReference.columns(of: item.plan, level: level).isEmpty
        }
        var (isOwn, isOuter) = (refers(item.level), (0..<item.level).contains(where: refers))
        if case .contains(let values, _) = item.kind {
            for index in values.flatMap(\.columns) {
                if OuterReference.isOuter(index) { isOuter = true } else { isOwn = true }
            }
        }
        return (isOwn, isOuter)
    }

    /// Whether a row gets to what is bound next; nil when all of them do. What comes behind a condition
    /// that has another answer each time is not known.
    private var asked: Expr? {
        let known = conditions.prefix(while: \.isStable)
        return known.isEmpty ? nil : .holds(Subqueries.conjunction(known))
    }

    /// As a balanced tree: thousands of arms of CASE must not nest as deep. There is at least one.
    private static func conjunction(_ list: ArraySlice<Expr>) -> Expr {
        if list.count == 1 { return list[list.startIndex] }
        let middle = list.startIndex + list.count / 2
        return .and(conjunction(list[..<middle]), conjunction(list[middle...]))
    }

    private func checkWidth(_ plan: LogicalPlan, _ width: Int, at: Int) throws(SQLError) {
        if plan.fields.count > width {
            throw SQLError(
                .syntaxError,
                width == 1
                    ? "subquery must return only one column" : "subquery has too many columns",
                position: binder.position(at))
        }
        if plan.fields.count < width {
            throw SQLError(
                .syntaxError, "subquery has too few columns", position: binder.position(at))
        }
    }

    /// (SELECT …) as a value.
    func scalar(_ query: Query, at: Int) throws(SQLError) -> Expr {
        var bound = try bind(query)
        try checkWidth(bound.plan, 1, at: at)
        bound.plan = try binder.withKnownTypes(bound.plan, at: at)
        let type = bound.plan.fields[0].type
        let lifted = Subqueries.lifted(bound.plan)
        // Over no row there is no value to compute: NULL, whatever an expression makes of NULLs.
        let isOne =
            lifted.map { Subqueries.hasOneRow($0.plan, exactly: true) }
            ?? Subqueries.hasOneRow(bound.plan)
        let value = lifted?.value ?? .column(0, type)
        let plan = lifted?.plan ?? bound.plan
        bound.plan = plan
        let width = plan.fields.count
        // Nothing is needed but what is there.
        let first =
            isOne && width == 0
            ? 0
            : add(
                .scalar(counts: !isOne), bound, plan.fields.map(\.type) + (isOne ? [] : [.int8]))
        let placed = value.remapped { index in
            OuterReference.isOuter(index)
                ? OuterReference.column(index, level: bound.level) ?? index : first + index
        }
        if isOne { return placed }
        let isThere = Expr.call(
            ConditionalChecks.isOneRow, [.column(first + width, .int8)], .boolean)
        return .cases(
            [(when: isThere, then: placed)], otherwise: .constant(.null, type), type)
    }

    /// A query of one column without the expression that may fail at its top, and that expression over the
    /// columns that are left: it is computed where the value is used, and fails there or not at all. nil
    /// where there is none.
    private static func lifted(_ plan: LogicalPlan) -> (plan: LogicalPlan, value: Expr)? {
        guard case .project(let input, let list, _) = plan, list[0].canFail, list[0].isStable else {
            return nil
        }
        let used = list[0].columns.filter { !OuterReference.isOuter($0) }.sorted()
        let columns = used.map { Expr.column($0, input.fields[$0].type) }
        let places = Dictionary(uniqueKeysWithValues: used.enumerated().map { ($1, $0) })
        return (
            .project(input, columns, used.map { input.fields[$0] }),
            list[0].remapped { places[$0] ?? $0 }
        )
    }

    /// ARRAY(SELECT …), in the query's order.
    func array(_ query: Query, at: Int) throws(SQLError) -> Expr {
        var bound = try bind(query)
        try checkWidth(bound.plan, 1, at: at)
        bound.plan = try binder.withKnownTypes(bound.plan, at: at)
        let element = bound.plan.fields[0].type
        guard let type = Aggregate.resultType(.arrayAgg, element) else {
            throw SQLError(
                .undefinedObject, "could not find array type for data type \(element.name)",
                position: binder.position(at))
        }
        var aggregate = Aggregate(
            .arrayAgg, argument: .column(0, element), filter: nil, result: type)
        if let ordered = RowOrder(of: bound.plan) {
            bound.plan = ordered.plan
            aggregate.order = ordered.order
        }
        let values = Expr.column(add(.array(aggregate), bound, [type]), type)
        let none = Expr.constant(.text(ArrayValue().encoded(type.element)), type)
        return .coalesce([values, none], type)
    }

    /// EXISTS (SELECT …)
    func exists(_ query: Query) throws(SQLError) -> Expr {
        .not(.isNull(.column(add(.exists, try bind(query), [.boolean]), .boolean)))
    }

    /// left IN (SELECT …). `isCondition`: NULL and false are the same to whoever asks.
    func contains(
        _ left: [(Expr, Int)], _ query: Query, isCondition: Bool, _ expressions: ExpressionBinder,
        at: Int
    ) throws(SQLError) -> Expr {
        var bound = try bind(query)
        try checkWidth(bound.plan, left.count, at: at)
        bound.plan = try binder.withKnownTypes(bound.plan, at: at)
        var values: [Expr] = []
        var list: [Expr] = []
        var fields = bound.plan.fields
        for (index, (value, valueAt)) in left.enumerated() {
            let column = Expr.column(index, fields[index].type)
            // Whatever = does with the two types is done to both sides.
            let equal = try expressions.binary("=", value, column, at, (valueAt, at))
            guard case .call(_, let arguments, _) = equal, arguments.count == 2 else {
                throw SQLError.unsupported("IN with these types", at: binder.position(at))
            }
            let same = try binder.samePhysical(arguments[0], arguments[1], at: at)
            values.append(same.0)
            list.append(same.1)
            fields[index].type = same.1.type
        }
        bound.plan = .project(bound.plan, list, fields)
        let isExact = !isCondition
        let first = add(
            .contains(values, isExact: isExact), bound,
            values.map(\.type) + [.boolean]
                + (isExact ? (values.count == 1 ? [.int8, .int8] : [.boolean]) : []))
        let mark = Expr.column(first + values.count, .boolean)
        if !isExact { return .not(.isNull(mark)) }
        if values.count > 1 {
            // Behind the mark of a match stands that of a row that only a NULL keeps from one.
            let open = Expr.column(first + values.count + 1, .boolean)
            return .cases(
                [
                    (when: .not(.isNull(mark)), then: .constant(.bool(true), .boolean)),
                    (when: .not(.isNull(open)), then: .constant(.null, .boolean)),
                ], otherwise: .constant(.bool(false), .boolean), .boolean)
        }
        let rows = Expr.column(first + values.count + 1, .int8)
        let filled = Expr.column(first + values.count + 2, .int8)
        var isUnknown = try expressions.binary("<", filled, rows, at, (at, at))
        for value in values { isUnknown = .or(.isNull(value), isUnknown) }
        let isEmpty = try expressions.binary("=", rows, .constant(.int(0), .int8), at, (at, at))
        return .cases(
            [
                (when: .not(.isNull(mark)), then: .constant(.bool(true), .boolean)),
                (when: .or(.isNull(rows), isEmpty), then: .constant(.bool(false), .boolean)),
                (when: isUnknown, then: .constant(.null, .boolean)),
            ], otherwise: .constant(.bool(false), .boolean), .boolean)
    }

    /// left op ANY (SELECT …), left op ALL (SELECT …) for an ordering op, = ALL and <> ANY.
    func compared(
        _ left: Expr, _ symbol: String, _ query: Query, isAll: Bool,
        _ expressions: ExpressionBinder, at: Int
    ) throws(SQLError) -> Expr {
        var bound = try bind(query)
        try checkWidth(bound.plan, 1, at: at)
        bound.plan = try binder.withKnownTypes(bound.plan, at: at)
        let type = bound.plan.fields[0].type
        let first = add(.extremes, bound, [.int8, .int8, type, type])
        let (rows, filled) = (Expr.column(first, .int8), Expr.column(first + 1, .int8))
        let (least, greatest) = (Expr.column(first + 2, type), Expr.column(first + 3, type))
        func compare(_ symbol: String, _ other: Expr) throws(SQLError) -> Expr {
            try expressions.binary(symbol, left, other, at, (at, at))
        }
        let holds: Expr
        switch (symbol, isAll) {
        case ("<", true), ("<=", true), (">", false), (">=", false):
            holds = try compare(symbol, least)
        case (">", true), (">=", true), ("<", false), ("<=", false):
            holds = try compare(symbol, greatest)
        case ("=", true): holds = .and(try compare("=", least), try compare("=", greatest))
        case ("<>", false): holds = .or(try compare("<>", least), try compare("<>", greatest))
        default:
            throw SQLError.unsupported(
                "\(symbol) \(isAll ? "ALL" : "ANY") with a subquery", at: binder.position(at))
        }
        let zero = Expr.constant(.int(0), .int8)
        let isEmpty = try expressions.binary("=", rows, zero, at, (at, at))
        let hasNull = try expressions.binary("<", filled, rows, at, (at, at))
        let decided: Expr = isAll ? .not(holds) : holds
        return .cases(
            [
                (when: .or(.isNull(rows), isEmpty), then: .constant(.bool(isAll), .boolean)),
                (when: decided, then: .constant(.bool(!isAll), .boolean)),
                (when: .or(.isNull(left), hasNull), then: .constant(.null, .boolean)),
            ], otherwise: .constant(.bool(isAll), .boolean), .boolean)
    }

    // MARK: - Joining

    /// The plan with the columns of every subquery behind its own.
    func applied(to plan: LogicalPlan) throws(SQLError) -> LogicalPlan {
        var result = plan
        base = plan.fields.count
        for item in items { result = try joined(result, item) }
        return result
    }

    /// The plan's rows that meet a predicate over its columns and those of the subqueries. What does not
    /// need a subquery is asked first: the subqueries then depend on those rows alone, and not on all
    /// pairs of what FROM names.
    func filtered(_ plan: LogicalPlan, by predicate: Expr) throws(SQLError) -> LogicalPlan {
        if items.isEmpty { return .filter(plan, predicate) }
        var (first, later): (Expr?, Expr?) = (nil, nil)
        for conjunct in PredicatePushdown.conjuncts(predicate) {
            if isRead(by: conjunct) {
                later = later.map { .and($0, conjunct) } ?? conjunct
            } else {
                first = first.map { .and($0, conjunct) } ?? conjunct
            }
        }
        let below = first.map { .filter(plan, $0) } ?? plan
        let wide = try applied(to: below)
        return later.map { .filter(wide, $0) } ?? wide
    }

    /// Values over the clause's columns and those of subqueries before, where these are now.
    private func placed(_ values: [Expr]) throws(SQLError) -> [Expr] {
        if firstColumn == base { return values }
        for value in values
        where value.columns.contains(where: {
            $0 >= firstColumn + types.count && !OuterReference.isOuter($0)
        }) {
            throw SQLError.unsupported("a window function before IN (SELECT …)")
        }
        return values.map { value in
            value.remapped { index in
                index >= firstColumn && !OuterReference.isOuter(index)
                    ? index - firstColumn + base : index
            }
        }
    }

    /// A condition of an item over the plan's columns; nil when it asks for some that are not there yet.
    private func here(_ condition: Expr?, _ plan: LogicalPlan) throws(SQLError) -> Expr? {
        guard let condition else { return nil }
        let columns = condition.columns.filter { !OuterReference.isOuter($0) }
        if columns.contains(where: { $0 >= firstColumn + types.count }) { return nil }
        let placed = try placed([condition])[0]
        let isHere = placed.columns.allSatisfy {
            OuterReference.isOuter($0) || $0 < plan.fields.count
        }
        return isHere ? placed : nil
    }

    private func joined(_ plan: LogicalPlan, _ item: Item) throws(SQLError) -> LogicalPlan {
        let referred = OuterReference.columns(of: item.plan, level: item.level)
        let images = OuterImages(plan, referred)
        return images.dropped(from: try joined(images.plan, item, images.columns))
    }

    /// - Parameter columns: those of D.
    private func joined(_ plan: LogicalPlan, _ item: Item, _ columns: [Int])
        throws(SQLError) -> LogicalPlan
    {
        // What the subquery refers to stands where it stood when it was bound.
        let isBare = columns.isEmpty
        let condition = try here(item.condition, plan)
        let asking = condition.map { LogicalPlan.filter(plan, $0) } ?? plan
        let below =
            isBare
            ? item.plan
            : try Decorrelation(outer: asking, columns: columns, level: item.level)
                .depending(item.plan)
        let own = item.plan.fields.count
        let domain = columns.indices.map { own + $0 }
        switch item.kind {
        case .scalar(let counts):
            if !counts { return attach(plan, below, columns, values: own) }
            var aggregates = item.plan.fields.enumerated().map { index, field in
                Aggregate(
                    .single, argument: .column(index, field.type), filter: nil, result: field.type)
            }
            aggregates.append(Aggregate(.countAll, argument: nil, filter: nil, result: .int8))
            return attach(plan, grouped(below, domain, aggregates), columns, values: own + 1)
        case .exists:
            let mark = Expr.constant(.bool(true), .boolean)
            let right = LogicalPlan.distinct(side(below, domain, [mark], [Field("mark", .boolean)]))
            return attach(plan, right, columns, values: 1)
        case .contains(let values, let isExact):
            // They become columns of every row: NULL where nobody asks and they might fail.
            let guarded = try placed(values).map { value in
                guard let condition, value.canFail else { return value }
                return Expr.cases(
                    [(when: condition, then: value)], otherwise: .constant(.null, value.type),
                    value.type)
            }
            return try contained(plan, guarded, isExact, below, columns, item)
        case .extremes:
            let column = Expr.column(0, item.plan.fields[0].type)
            let aggregates = [
                Aggregate(.countAll, argument: nil, filter: nil, result: .int8),
                Aggregate(.count, argument: column, filter: nil, result: .int8),
                Aggregate(.min, argument: column, filter: nil, result: column.type),
                Aggregate(.max, argument: column, filter: nil, result: column.type),
            ]
            return attach(plan, grouped(below, domain, aggregates), columns, values: 4)
        case .array(let aggregate):
            return attach(plan, grouped(below, domain, [aggregate]), columns, values: 1)
        }
    }

    /// Whether a query gives at most one row, or `exactly` one, whatever it reads.
    private static func hasOneRow(_ plan: LogicalPlan, exactly: Bool = false) -> Bool {
        switch plan {
        case .aggregate(_, let keys, _, _): keys.isEmpty
        case .project(let input, _, _): hasOneRow(input, exactly: exactly)
        case .filter(let input, _): !exactly && hasOneRow(input)
        case .values(let rows, _): rows.count == 1
        case .sort(let input, _, let limit, _):
            !exactly && (limit == 1 || limit == 0 || hasOneRow(input))
        default: false
        }
    }

    /// Whether an expression reads the answer of one of them.
    func isRead(by expression: Expr) -> Bool {
        expression.columns.contains {
            (firstColumn..<firstColumn + types.count).contains($0)
        }
    }

    /// New columns, then D.
    private func side(
        _ plan: LogicalPlan, _ domain: [Int], _ list: [Expr], _ fields: [Field]
    ) -> LogicalPlan {
        let all = plan.fields
        return .project(
            plan, list + domain.map { .column($0, all[$0].type) }, fields + domain.map { all[$0] })
    }

    /// Aggregates by D, then D.
    private func grouped(_ plan: LogicalPlan, _ domain: [Int], _ aggregates: [Aggregate])
        -> LogicalPlan
    {
        let all = plan.fields
        let keys = domain.map { Expr.column($0, all[$0].type) }
        let fields =
            domain.map { all[$0] }
            + aggregates.map { Field($0.function.rawValue, $0.result) }
        let grouped = LogicalPlan.aggregate(plan, keys: keys, aggregates, fields)
        return side(
            grouped, Array(domain.indices),
            aggregates.enumerated().map { .column(domain.count + $0.offset, $0.element.result) },
            aggregates.map { Field($0.function.rawValue, $0.result) })
    }

    /// Joins a side (values, then D) to the plan on its columns; D is dropped.
    private func attach(
        _ plan: LogicalPlan, _ right: LogicalPlan, _ columns: [Int], values: Int
    ) -> LogicalPlan {
        var join = LogicalPlan.Join(
            kind: .left, left: plan, right: right,
            keys: columns.enumerated().map { (left: $0.element, right: values + $0.offset) })
        join.nullsMatch = !columns.isEmpty
        let width = plan.fields.count
        let fields = LogicalPlan.join(join).fields
        if fields.count == width + values { return .join(join) }
        let kept = Array(0..<(width + values))
        return .project(
            .join(join), kept.map { .column($0, fields[$0].type) }, kept.map { fields[$0] })
    }

    private func contained(
        _ plan: LogicalPlan, _ values: [Expr], _ isExact: Bool, _ below: LogicalPlan,
        _ columns: [Int], _ item: Item
    ) throws(SQLError) -> LogicalPlan {
        let width = plan.fields.count
        let own = values.count
        let domain = columns.indices.map { own + $0 }
        // The left values become columns to join on.
        let kept = plan.fields.enumerated().map { Expr.column($0.offset, $0.element.type) }
        let valueFields = values.map { Field("?in?", $0.type) }
        var result = LogicalPlan.project(plan, kept + values, plan.fields + valueFields)
        let columnsOfQuery = (0..<own).map { Expr.column($0, below.fields[$0].type) }
        var filled: Expr = .not(.isNull(columnsOfQuery[0]))
        for column in columnsOfQuery.dropFirst() { filled = .and(filled, .not(.isNull(column))) }
        let mark = Expr.constant(.bool(true), .boolean)
        let right = LogicalPlan.distinct(
            side(
                .filter(below, filled), domain, [mark] + columnsOfQuery,
                [Field("mark", .boolean)] + below.fields.prefix(own)))
        var join = LogicalPlan.Join(
            kind: .left, left: result, right: right,
            keys: (0..<own).map { (left: width + $0, right: 1 + $0) }
                + columns.enumerated().map { (left: $0.element, right: 1 + own + $0.offset) })
        join.nullsMatch = true
        let fields = LogicalPlan.join(join).fields
        let shown = Array(0..<(width + own + 1))
        result = .project(
            .join(join), shown.map { .column($0, fields[$0].type) }, shown.map { fields[$0] })
        guard isExact else { return result }
        if own > 1 {
            // A row with no pair of values that differ, as far as they are known.
            var predicate: Expr?
            for index in 0..<own {
                let mine = Expr.column(
                    OuterReference.index(level: item.level, column: width + index),
                    values[index].type)
                let theirs = Expr.column(index, item.plan.fields[index].type)
                guard
                    let function = FunctionRegistry.exact("=", [mine.type.base, theirs.type.base])
                else {
                    throw SQLError.unsupported("IN of rows with these types")
                }
                let same: Expr = .or(
                    .or(.isNull(mine), .isNull(theirs)), .call(function, [mine, theirs], .boolean))
                predicate = predicate.map { .and($0, same) } ?? same
            }
            let open = Item(
                kind: .exists, plan: .filter(item.plan, predicate ?? .constant(.null, .boolean)),
                level: item.level, condition: item.condition)
            return try joined(result, open)
        }
        let counts = [
            Aggregate(.countAll, argument: nil, filter: nil, result: .int8),
            Aggregate(.countAll, argument: nil, filter: filled, result: .int8),
        ]
        return attach(result, grouped(below, domain, counts), columns, values: 2)
    }
}
