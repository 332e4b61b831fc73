import Dataflow
import Types

/// TUMBLE, HOP and SESSION: relations with the windows of event time that their rows are in.
extension FromBinder {
    /// TUMBLE(relation, time column, width): the relation's rows with window_start and window_end.
    func tumble(_ call: FunctionCall, _ alias: TableAlias?) throws(SQLError) -> Bound {
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
        let given = try expressions.column(column, columnAt)
        try checkTime(given, "TUMBLE", columnAt)
        // Windows of instants are cut in UTC, whatever the session's zone.
        let utc = Expr.constant(.string("UTC"), .text)
        let hasZone = given.type.kind == .timestamptz
        let time =
            hasZone
            ? try expressions.function("timezone", [utc, given], columnAt)
            : try binder.convertImplicitly(given, to: .timestamp, at: columnAt)
        let width = try binder.convertImplicitly(
            try ExpressionBinder(binder: binder, scope: Scope()).bind(call.arguments[2]),
            to: .interval,
            at: call.arguments[2].at)
        // A constant that is no width is an error now, not of each row.
        if let constant = try? Folding.value(of: width) {
            guard case .interval(let interval) = constant else {
                throw SQLError(
                    .invalidParameterValue, "TUMBLE needs an interval that is not NULL",
                    position: binder.position(call.arguments[2].at))
            }
            _ = try DateTimeFunctions.fixedWidth(interval)
        }
        let start = try expressions.function("tumble_start", [time, width], call.at)
        let end = try expressions.binary("+", start, width, call.at, (call.at, call.at))
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

    private func checkTime(_ time: Expr, _ usage: String, _ at: Int) throws(SQLError) {
        guard [.timestamp, .timestamptz, .date].contains(time.type.kind) else {
            throw SQLError(
                .datatypeMismatch,
                "the time column of \(usage) must be of type timestamp, not \(time.type.name)",
                position: binder.position(at))
        }
    }

    /// The relation and the time column of a window function, and the widths behind them.
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
            let width = try DateTimeFunctions.fixedWidth(interval)
            guard width <= HopOperator.widest else {
                throw SQLError(
                    .datetimeFieldOverflow, "\(usage) takes up to 100000000 days",
                    position: binder.position(node.at))
            }
            list.append(width)
        }
        return (input, scope, time, list, table)
    }

    /// HOP(relation, time column, slide, size)
    func hop(_ call: FunctionCall, _ alias: TableAlias?) throws(SQLError) -> Bound {
        guard call.arguments.count == 4 else {
            throw SQLError.unsupported("HOP with an offset", at: binder.position(call.at))
        }
        let (input, _, time, widths, table) = try windowed(call, 2, "HOP")
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
        let plan = LogicalPlan.hop(input, time: moment, slide: widths[0], size: widths[1])
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
