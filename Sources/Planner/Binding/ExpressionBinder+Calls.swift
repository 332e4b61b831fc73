import Dataflow
import Types

extension ExpressionBinder {
    func bindCall(_ call: FunctionCall) throws(SQLError) -> Expr {
        let name = call.name[call.name.count - 1]
        let position = binder.position(call.at)
        if let over = call.over { return try window(call, name, over) }
        if name == "grouping", let grouping { return try grouping.groupingCall(call, self) }
        if let aggregate = ExpressionBinder.aggregateNames[name] {
            return try bindAggregate(aggregate, name, call)
        }
        if SetFunctions.names.contains(name) {
            guard let setCalls else {
                throw SQLError(
                    .featureNotSupported,
                    "set-returning functions are not allowed in \(forbidsAggregates ?? "this place")",
                    position: position)
            }
            // Its rows are made for every row.
            let before = subqueries?.conditions ?? []
            subqueries?.conditions = []
            defer { subqueries?.conditions = before }
            return try setCalls.add(call, self)
        }
        if call.isStar || call.isDistinct || call.filter != nil || !call.orderBy.isEmpty {
            if FunctionRegistry.overloads(name).isEmpty { throw noSuchFunction(name, [], call.at) }
            throw SQLError(
                .wrongObjectType, "\(name) is not an aggregate function", position: position)
        }
        if ["coalesce", "greatest", "least"].contains(name), call.arguments.isEmpty {
            throw SQLError(.syntaxError, "syntax error at or near \")\"", position: position)
        }
        if let bound = try form(name, call) { return bound }
        var arguments = try boundArguments(call, name)
        if call.isVariadic { return try spread(name, arguments, call.at) }
        if name == "row_to_json", arguments.count == 1, arguments[0].type.kind == .json {
            return arguments[0]
        }
        if let bound = try SessionFunctions.bind(self, name, arguments, call.at) { return bound }
        // type(value) is a cast when there is no such function.
        if FunctionRegistry.overloads(name).isEmpty, arguments.count == 1,
            let type = DataType.named(name)
        {
            return try binder.convert(arguments[0], to: type, .explicit, at: call.at) {
                noSuchFunction(name, arguments.map(\.type), call.at)
            }
        }
        // What is not declared is for the binder's own use.
        guard FunctionCatalog.isDeclared(name) else {
            throw noSuchFunction(name, arguments.map(\.type), call.at)
        }
        arguments += try FunctionCatalog.defaults(name, count: arguments.count)
        return try function(name, arguments, call.at)
    }

    /// What the grammar knows by a name of its own; nil when the call is a function's.
    private func form(_ name: String, _ call: FunctionCall) throws(SQLError) -> Expr? {
        let position = binder.position(call.at)
        switch name {
        case "coalesce":
            let (list, type) = try unify(try alternatives(call.arguments), "COALESCE")
            return list.count == 1 ? list[0] : .coalesce(list, type)
        case "nullif": return try nullif(call)
        case "greatest", "least": return try extremum(call, name)
        case "trim", "extract", "position", "substring":
            return try special(name, call)
        case "current_timestamp", "localtimestamp":
            if binder.isForView {
                throw SQLError.unsupported("\(name) in a materialized view", at: position)
            }
            let instant = Expr.constant(.int(binder.context.now), .timestamptz)
            if name != "localtimestamp" { return instant }
            return try binder.convert(instant, to: .timestamp, .explicit, at: call.at) {
                noSuchFunction(name, [], call.at)
            }
        case "current_date", "localtime", "current_time":
            if binder.isForView {
                throw SQLError.unsupported("\(name) in a materialized view", at: position)
            }
            let instant = Expr.constant(.int(binder.context.now), .timestamptz)
            return try binder.convert(
                instant, to: name == "current_date" ? .date : .time, .explicit, at: call.at
            ) { noSuchFunction(name, [], call.at) }
        case "age" where call.arguments.count == 1:
            // Up to midnight of today.
            let today = Expression.call(
                FunctionCall(name: ["current_date"], arguments: [], at: call.at))
            let midnight = Expression.cast(
                today,
                TypeName(name: "timestamp", modifiers: [], isArray: false, at: call.at), at: call.at
            )
            return try function(
                "age", [try bind(midnight), try bind(call.arguments[0])], call.at)
        default: return nil
        }
    }

    /// f(…, VARIADIC array)
    private func spread(_ name: String, _ arguments: [Expr], _ at: Int) throws(SQLError) -> Expr {
        let refused = noSuchFunction(name, arguments.map(\.type), at)
        guard FunctionCatalog.isDeclared(name), let last = arguments.last else { throw refused }
        let array = ExpressionBinder.unvectored(last)
        guard array.type.kind == .array else {
            throw SQLError(
                .datatypeMismatch, "VARIADIC argument must be an array",
                position: binder.position(at))
        }
        var fixed: [Expr] = []
        let isJSON = name.contains("_build_")
        for argument in arguments.dropLast() {
            fixed.append(
                isJSON ? try shown(try binder.resolved(argument, at: at), at) : argument)
        }
        let types = (fixed + [array]).map { $0.type.styled(binder.textStyle) }
        guard
            let function = VariadicCall.function(
                name, Array(types.dropLast()), types[types.count - 1])
        else { throw refused }
        var converted: [Expr] = []
        for (argument, wanted) in zip(fixed, function.arguments) {
            converted.append(try binder.convertImplicitly(argument, to: wanted, at: at))
        }
        return .call(function, converted + [array], function.result)
    }

    private func boundArguments(_ call: FunctionCall, _ name: String) throws(SQLError) -> [Expr] {
        var arguments: [Expr] = []
        var names: [String] = []
        for node in call.arguments {
            if case .named(let argument, let value, _) = node {
                names.append(argument)
                arguments.append(try bind(value))
            } else {
                arguments.append(try bindArgument(node, of: name))
            }
        }
        if !names.isEmpty {
            guard let arranged = try FunctionCatalog.arranged(name, arguments, names) else {
                throw noSuchFunction(name, arguments.map(\.type), call.at)
            }
            arguments = arranged
        }
        if ["quote_literal", "quote_nullable"].contains(name), arguments.count == 1 {
            arguments[0] = try quotable(arguments[0], name, call.at)
        }
        if name == "overlaps", arguments.count == 4 {
            // A span is given by its end or by its length.
            for index in [1, 3] where arguments[index].type.kind == .interval {
                arguments[index] = try binary(
                    "+", arguments[index - 1], arguments[index], call.at, (call.at, call.at))
            }
        }
        return arguments
    }

    /// PostgreSQL declares the quoting functions for any type, by its text.
    private func quotable(_ value: Expr, _ name: String, _ at: Int) throws(SQLError) -> Expr {
        guard !value.type.isString, value.type.kind != .unknown else { return value }
        return try binder.convert(value, to: .text, .explicit, at: at) {
            noSuchFunction(name, [value.type], at)
        }
    }

    private func noSuchFunction(_ name: String, _ types: [DataType], _ at: Int) -> SQLError {
        SQLError(
            .undefinedFunction,
            "function \(name)(\(types.map(\.base.name).joined(separator: ", "))) does not exist",
            hint: "No function matches the given name and argument types. You might need to add "
                + "explicit type casts.", position: binder.position(at))
    }

    func bindAll(_ list: [Expression]) throws(SQLError) -> [(Expr, Int)] {
        var result: [(Expr, Int)] = []
        for item in list { result.append((try bind(item), item.at)) }
        return result
    }

    /// Arguments of which each is asked for where those before it are NULL.
    private func alternatives(_ list: [Expression]) throws(SQLError) -> [(Expr, Int)] {
        let before = subqueries?.conditions
        defer { if let before { subqueries?.conditions = before } }
        var result: [(Expr, Int)] = []
        for item in list {
            let value = try bind(item)
            result.append((value, item.at))
            subqueries?.conditions.append(.isNull(value))
        }
        return result
    }

    private func special(_ name: String, _ call: FunctionCall) throws(SQLError) -> Expr {
        var arguments: [Expr] = []
        for argument in call.arguments { arguments.append(try bind(argument)) }
        switch name {
        case "trim":
            guard case .literal(.string(let mode), _) = call.arguments[0] else { break }
            return try function(mode, Array(arguments.dropFirst()), call.at)
        case "extract":
            if arguments.count == 2 {
                arguments[0] = try binder.convertImplicitly(arguments[0], to: .text, at: call.at)
            }
        case "position":
            // position(a in b) is strpos(b, a).
            if arguments.count == 2 {
                return try function("strpos", [arguments[1], arguments[0]], call.at)
            }
        default: break
        }
        return try function(name, arguments, call.at)
    }

    private func nullif(_ call: FunctionCall) throws(SQLError) -> Expr {
        guard call.arguments.count == 2 else {
            throw SQLError(
                .syntaxError, "NULLIF takes two arguments", position: binder.position(call.at))
        }
        let (a, b) = (try bind(call.arguments[0]), try bind(call.arguments[1]))
        let equal = try binary("=", a, b, call.at, (call.arguments[0].at, call.arguments[1].at))
        // Of the type that the comparison has made of the first one.
        var value = try binder.resolved(a, at: call.at)
        if case .call(_, let arguments, _) = equal, let first = arguments.first { value = first }
        return .cases(
            [(when: equal, then: .constant(.null, value.type))], otherwise: value, value.type)
    }

    /// GREATEST and LEAST ignore NULLs; NULL only when all are.
    private func extremum(_ call: FunctionCall, _ name: String) throws(SQLError) -> Expr {
        let (list, type) = try unify(try bindAll(call.arguments), name.uppercased())
        guard var best = list.first else { throw noSuchFunction(name, [], call.at) }
        for next in list.dropFirst() {
            let symbol = name == "greatest" ? ">" : "<"
            let isBetter = try binary(symbol, next, best, call.at, (call.at, call.at))
            best = .cases(
                [(when: .isNull(best), then: next), (when: isBetter, then: next)], otherwise: best,
                type)
        }
        return best
    }

    // MARK: - Aggregates

    private func bindAggregate(_ function: Aggregate.Function, _ name: String, _ call: FunctionCall)
        throws(SQLError) -> Expr
    {
        let position = binder.position(call.at)
        guard let grouping else {
            throw SQLError(
                .groupingError,
                "aggregate functions are not allowed in \(forbidsAggregates ?? "this place")",
                position: position)
        }
        let inner = ExpressionBinder(
            binder: binder, scope: grouping.input, forbidsAggregates: "aggregate function calls",
            subqueries: grouping.subqueries)
        var filter: Expr?
        if let condition = call.filter {
            filter = try binder.condition(try inner.bind(condition), "FILTER", at: condition.at)
        }
        let before = grouping.subqueries.conditions
        defer { grouping.subqueries.conditions = before }
        grouping.subqueries.conditions += [filter].compactMap { $0 }
        if call.isStar {
            guard function == .count else { throw noSuchFunction(name, [], call.at) }
            let aggregate = Aggregate(.countAll, argument: nil, filter: filter, result: .int8)
            try checkLevel(aggregate, position)
            return grouping.add(aggregate)
        }
        if function == .count, !call.isDistinct, call.arguments.count == 1,
            let column = try inner.presence(of: call.arguments[0])
        {
            let aggregate =
                column.map { Aggregate(.count, argument: $0, filter: filter, result: .int8) }
                ?? Aggregate(.countAll, argument: nil, filter: filter, result: .int8)
            try checkLevel(aggregate, position)
            return grouping.add(aggregate)
        }
        let isObject = function == .jsonObjectAgg || function == .jsonbObjectAgg
        let count = function == .stringAgg || isObject ? 2 : 1
        guard call.arguments.count == count else {
            throw noSuchFunction(name, try inner.bindAll(call.arguments).map(\.0.type), call.at)
        }
        let argument = try inner.aggregated(
            call.arguments[isObject ? 1 : 0], function, name, call.at)
        guard let result = Aggregate.resultType(function, argument.type) else {
            throw noSuchFunction(name, [argument.type.base], call.at)
        }
        var aggregate = Aggregate(function, argument: argument, filter: filter, result: result)
        aggregate.isDistinct = call.isDistinct
        aggregate.separatesLines =
            argument.type.kind == .array || inner.wholeRow(call.arguments[0]) != nil
        if function == .stringAgg {
            if argument.type.kind != .text, argument.type.kind != .bytea {
                throw noSuchFunction(
                    name, try inner.bindAll(call.arguments).map(\.0.type), call.at)
            }
            aggregate.second = try binder.convertImplicitly(
                try inner.bind(call.arguments[1]), to: argument.type, at: call.at)
        }
        if isObject {
            let key = try inner.shown(
                try binder.resolved(try inner.bind(call.arguments[0]), at: call.at), call.at)
            let function = JSONFunctions.key(of: key.type.styled(binder.textStyle))
            aggregate.second = .call(function, [key], .text)
        }
        aggregate.order = try aggregateOrder(call, argument, inner)
        try checkLevel(aggregate, position)
        return grouping.add(aggregate)
    }

    /// An aggregate over nothing but columns of a query around this one belongs to that query.
    private func checkLevel(_ aggregate: Aggregate, _ position: Int?) throws(SQLError) {
        let taken = [aggregate.argument, aggregate.second, aggregate.filter].compactMap { $0 }
        var (isOwn, isOuter) = (false, false)
        for column in (taken + aggregate.order.map(\.expression)).flatMap(\.columns) {
            if OuterReference.isOuter(column) {
                isOuter = true
            } else if let found = grouping?.subqueries.dependence(of: column) {
                isOwn = isOwn || found.isOwn
                isOuter = isOuter || found.isOuter
            } else {
                isOwn = true
            }
        }
        if isOuter, !isOwn {
            throw SQLError.unsupported(
                "an aggregate of an outer query's columns within a subquery", at: position)
        }
    }

    /// What an aggregate takes, in the type that it takes it in.
    private func aggregated(
        _ node: Expression, _ function: Aggregate.Function, _ name: String, _ at: Int
    ) throws(SQLError) -> Expr {
        var argument = try bindArgument(node, of: name)
        let isJSON: [Aggregate.Function] = [.jsonAgg, .jsonbAgg, .jsonObjectAgg, .jsonbObjectAgg]
        if isJSON.contains(function) { argument = try shown(argument, at) }
        if argument.type.kind == .unknown {
            let wanted: DataType = [.sum, .avg].contains(function) ? .float8 : .text
            return try binder.convertImplicitly(argument, to: wanted, at: at)
        }
        let keepsType =
            [.count, .arrayAgg].contains(function)
            || [.min, .max].contains(function) && argument.type.kind == .bpchar
        if argument.type.isString, argument.type.kind != .text, !keepsType {
            return try binder.convertImplicitly(argument, to: .text, at: at)
        }
        return argument
    }

    /// - Throws: 42P10 for DISTINCT with an order by something else.
    private func aggregateOrder(
        _ call: FunctionCall, _ argument: Expr, _ inner: ExpressionBinder
    ) throws(SQLError) -> [Aggregate.Order] {
        var order: [Aggregate.Order] = []
        for item in call.orderBy {
            let bound = try binder.resolved(
                try inner.bind(item.expression), at: item.expression.at)
            // A varchar argument is aggregated as text.
            let compared =
                argument.type.kind == .text && bound.type.isString
                ? try binder.convertImplicitly(bound, to: .text, at: item.expression.at) : bound
            if call.isDistinct, compared.fingerprint != argument.fingerprint {
                throw SQLError(
                    .invalidColumnReference,
                    "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list",
                    position: binder.position(item.expression.at))
            }
            order.append(
                .init(
                    bound, descending: item.descending,
                    nullsFirst: item.nullsFirst ?? item.descending))
        }
        return order
    }

    // MARK: - Window functions

    private func window(_ call: FunctionCall, _ name: String, _ over: WindowDefinition)
        throws(SQLError) -> Expr
    {
        let position = binder.position(call.at)
        guard let windows else {
            throw SQLError(
                .windowingError,
                "window functions are not allowed in \(forbidsAggregates ?? "this place")",
                position: position)
        }
        guard let function = RankOperator.Function(rawValue: name), call.arguments.isEmpty else {
            throw SQLError.unsupported("window function \(name)", at: position)
        }
        var definition = over
        if let base = over.name {
            guard let named = windows.named[base] else {
                throw SQLError(
                    .undefinedObject, "window \"\(base)\" does not exist", position: position)
            }
            definition = named
            if !over.order.isEmpty { definition.order = over.order }
        }
        if definition.hasFrame { throw SQLError.unsupported("a window frame", at: position) }
        var plain = self
        plain.windows = nil
        plain.setCalls = nil
        plain.forbidsAggregates = forbidsAggregates ?? "window function calls"
        // Every row has its place, whoever asks for it.
        let before = subqueries?.conditions ?? []
        subqueries?.conditions = []
        defer { subqueries?.conditions = before }
        var partition: [Expr] = []
        for node in definition.partition {
            partition.append(try binder.resolved(try plain.bind(node), at: node.at))
        }
        var order: [(Expr, SortKey)] = []
        for item in definition.order {
            let bound = try binder.resolved(
                try plain.bind(item.expression), at: item.expression.at)
            order.append(
                (
                    bound,
                    SortKey(column: 0, descending: item.descending, nullsFirst: item.nullsFirst)
                ))
        }
        return windows.add(function, partition, order)
    }
}
