import Dataflow
import Types

/// TUMBLE, HOP and SESSION: relations with the windows of event time that their rows are in.
extension FromBinder {
    /// TUMBLE(relation, time column, width [, offset]): the relation's rows with window_start and
    /// window_end.
    func tumble(_ call: FunctionCall, _ alias: TableAlias?) throws(SQLError) -> Bound {
        guard (3...4).contains(call.arguments.count),
            case .column(let table, let tableAt) = call.arguments[0],
            case .column(let column, let columnAt) = call.arguments[1]
        else {
            throw SQLError(
                .undefinedFunction,
                "TUMBLE takes a relation, a column, an interval and maybe an offset",
                hint: "For example, TUMBLE(bid, date_time, INTERVAL '10 seconds').",
                position: binder.position(call.at))
        }
        let (input, scope) = try self.table(table, nil, tableAt)
        let expressions = ExpressionBinder(
            binder: binder, scope: scope, forbidsAggregates: "TUMBLE")
        let given = try expressions.column(column, columnAt)
        try checkTime(given, "TUMBLE", columnAt)
        // Windows of instants are cut in UTC, whatever the session's zone.
        let utc = Expr.constant(.string("UTC"), .text)
        let hasZone = given.type.kind == .timestamptz
        let time =
            hasZone
            ? try expressions.function("timezone", [utc, given], columnAt)
            : try binder.convertImplicitly(given, to: .timestamp, at: columnAt)
        let widths = try tumbleWidths(call.arguments[2...])
        let start = try expressions.function("tumble_start", [time] + widths, call.at)
        let end = try expressions.binary("+", start, widths[0], call.at, (call.at, call.at))
        var list = input.fields.enumerated().map { Expr.column($0.offset, $0.element.type) }
        for bound in [start, end] {
            list.append(
                hasZone ? try expressions.function("timezone", [utc, bound], call.at) : bound)
        }
        let type: DataType = hasZone ? .timestamptz : .timestamp
        let fields = input.fields + [Field("window_start", type), Field("window_end", type)]
        return try scoped(
            .project(input, list, fields), alias?.name ?? table[table.count - 1],
            alias?.columns ?? [],
            call.at)
    }

    /// A width, and an offset if there is one.
    private func tumbleWidths(_ nodes: ArraySlice<Expression>) throws(SQLError) -> [Expr] {
        var list: [Expr] = []
        for node in nodes {
            let width = try binder.convertImplicitly(
                try ExpressionBinder(binder: binder, scope: Scope()).bind(node), to: .interval,
                at: node.at)
            // A constant that is no width is an error now, not of each row.
            if let constant = try? Folding.value(of: width) {
                guard case .interval(let interval) = constant else {
                    throw SQLError(
                        .invalidParameterValue, "TUMBLE needs an interval that is not NULL",
                        position: binder.position(node.at))
                }
                _ = try FromBinder.length(interval, isOffset: !list.isEmpty)
            }
            list.append(width)
        }
        return list
    }

    private static func length(_ interval: Interval, isOffset: Bool) throws(SQLError) -> Int64 {
        isOffset
            ? try DateTimeFunctions.fixedLength(interval)
            : try DateTimeFunctions.fixedWidth(interval)
    }

    private func checkTime(_ time: Expr, _ usage: String, _ at: Int) throws(SQLError) {
        guard [.timestamp, .timestamptz, .date].contains(time.type.kind) else {
            throw SQLError(
                .datatypeMismatch,
                "the time column of \(usage) must be of type timestamp, not \(time.type.name)",
                position: binder.position(at))
        }
    }

    /// The relation and the time column of a window function, and the widths behind them; what is behind
    /// the second is an offset.
    private func windowed(_ call: FunctionCall, _ widths: Int, _ usage: String) throws(SQLError)
        -> (
            input: LogicalPlan, scope: Scope, time: Expr, widths: [Int64], table: [String]
        )
    {
        guard call.arguments.count >= 2 + widths,
            case .column(let table, let tableAt) = call.arguments[0],
            case .column(let column, let columnAt) = call.arguments[1]
        else {
            throw SQLError(
                .undefinedFunction, "\(usage) takes a relation, a column and intervals",
                position: binder.position(call.at))
        }
        let (input, scope) = try self.table(table, nil, tableAt)
        let expressions = ExpressionBinder(
            binder: binder, scope: scope, forbidsAggregates: usage)
        let time = try expressions.column(column, columnAt)
        try checkTime(time, usage, columnAt)
        var list: [Int64] = []
        for node in call.arguments[2..<(2 + widths)] {
            let value = try binder.convertImplicitly(
                try ExpressionBinder(binder: binder, scope: Scope()).bind(node), to: .interval,
                at: node.at)
            // While a statement is only described, any widths will do.
            if Binder.hasPlaceholder(value) {
                return (input, scope, time, Array(repeating: 1, count: widths), table)
            }
            guard case .interval(let interval) = try Folding.value(of: value) else {
                throw SQLError(
                    .invalidParameterValue, "\(usage) needs intervals that are not NULL",
                    position: binder.position(node.at))
            }
            let width = try FromBinder.length(interval, isOffset: list.count == 2)
            guard width.magnitude <= HopWindows.widest else {
                throw SQLError(
                    .datetimeFieldOverflow, "\(usage) takes up to 100000000 days",
                    position: binder.position(node.at))
            }
            list.append(width)
        }
        return (input, scope, time, list, table)
    }

    /// HOP(relation, time column, slide, size [, offset])
    func hop(_ call: FunctionCall, _ alias: TableAlias?) throws(SQLError) -> Bound {
        let hasOffset = call.arguments.count == 5
        let (input, _, time, widths, table) = try windowed(call, hasOffset ? 3 : 2, "HOP")
        guard call.arguments.count == 2 + widths.count else {
            throw SQLError(
                .undefinedFunction,
                "HOP takes a relation, a column, two intervals and maybe an offset",
                position: binder.position(call.at))
        }
        guard widths[1] / widths[0] <= 10_000 else {
            throw SQLError(
                .programLimitExceeded,
                "a row of HOP would be in \(widths[1] / widths[0]) windows",
                hint: "The size may be up to 10000 times the slide.",
                position: binder.position(call.at))
        }
        let moment =
            time.type.kind == .date
            ? try binder.convertImplicitly(time, to: .timestamp, at: call.at) : time
        let windows = HopWindows(
            slide: widths[0], size: widths[1], offset: hasOffset ? widths[2] : 0)
        let plan = LogicalPlan.hop(input, time: moment, windows)
        return try scoped(
            plan, alias?.name ?? table[table.count - 1], alias?.columns ?? [], call.at)
    }

    /// SESSION(relation, time column, gap, key, …)
    func session(_ call: FunctionCall, _ alias: TableAlias?) throws(SQLError) -> Bound {
        let (input, scope, bound, widths, table) = try windowed(call, 1, "SESSION")
        guard case .column(let time, let type) = bound, type.kind != .date else {
            throw SQLError.unsupported("SESSION over dates", at: binder.position(call.at))
        }
        let expressions = ExpressionBinder(
            binder: binder, scope: scope, forbidsAggregates: "SESSION")
        var keys: [Int] = []
        for node in call.arguments.dropFirst(3) {
            guard case .column(let parts, let at) = node,
                case .column(let key, _) = try expressions.column(parts, at)
            else {
                throw SQLError(
                    .datatypeMismatch, "the keys of SESSION must be columns",
                    position: binder.position(node.at))
            }
            keys.append(key)
        }
        var rank = LogicalPlan.Rank(
            partition: keys, order: [SortKey(column: time)], functions: [])
        rank.session = .init(timeColumn: time, gap: widths[0])
        return try scoped(
            .rank(input, rank), alias?.name ?? table[table.count - 1], alias?.columns ?? [],
            call.at)
    }
}
