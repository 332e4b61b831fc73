import Dataflow
import Types

/// Binds the expressions of one clause.
struct ExpressionBinder {
    let binder: Binder
    let scope: Scope
    /// In the clauses behind GROUP BY: where aggregates are collected.
    var grouping: Grouping?
    /// Where aggregates may not be: how the message calls the place.
    var forbidsAggregates: String?
    /// Where scalar subqueries are collected; nil where there can be none.
    var subqueries: Subqueries?
    /// Where window functions are collected; nil where there can be none.
    var windows: Windows?
    /// Where set-returning functions are collected; nil where there can be none.
    var setCalls: SetFunctionCalls?
    /// Whether NULL and false are the same to whoever asks: at the top of WHERE, HAVING and ON.
    var isCondition = false

    static let aggregateNames: [String: Aggregate.Function] = [
        "count": .count, "sum": .sum, "avg": .avg, "min": .min, "max": .max, "bool_and": .boolAnd,
        "every": .boolAnd, "bool_or": .boolOr, "bit_and": .bitAnd, "bit_or": .bitOr,
        "bit_xor": .bitXor,
        "string_agg": .stringAgg, "array_agg": .arrayAgg, "json_agg": .jsonAgg,
        "jsonb_agg": .jsonbAgg, "json_object_agg": .jsonObjectAgg,
        "jsonb_object_agg": .jsonbObjectAgg, "variance": .varianceSample,
        "var_samp": .varianceSample,
        "var_pop": .variancePopulation, "stddev": .deviationSample,
        "stddev_samp": .deviationSample, "stddev_pop": .deviationPopulation,
    ]

    func bind(_ node: Expression) throws(SQLError) -> Expr {
        guard binder.isOverNothing else { return try bindNode(node) }
        do {
            return try bindNode(node)
        } catch {
            let isOurs =
                error.state == .featureNotSupported || error.state == .undefinedFunction
                || error.state == .undefinedObject || error.state == .wrongObjectType
                || error.state == .datatypeMismatch
            guard isOurs else { throw error }
            return .constant(.null, .text)
        }
    }

    private func bindNode(_ node: Expression) throws(SQLError) -> Expr {
        switch node {
        case .and, .inQuery, .exists: break
        default: if isCondition { return try inner.bindNode(node) }
        }
        if let grouping, let bound = try grouping.match(node, self) { return bound }
        switch node {
        case .literal(let literal, _): return try bind(literal)
        case .parameter(let number, let at): return try binder.parameter(number, at: at)
        case .column(let parts, let at): return try column(parts, at)
        case .place(let index, _): return .column(index, scope.entries[index].type)
        case .call(let call): return try bindCall(call)
        case .unary(let symbol, let operand, let at): return try unary(symbol, operand, at)
        case .binary(let symbol, .row(let left, _), .row(let right, _), let at):
            return try rows(symbol, left, right, at)
        case .binary(let symbol, let left, let right, let at):
            return try binary(symbol, try bind(left), try bind(right), at, (left.at, right.at))
        case .and(let left, let right):
            let first = try binder.condition(try bind(left), "AND", at: left.at)
            // At the top of WHERE the conditions are taken apart.
            let second = try bind(right, where: isCondition ? nil : .isNotFalse(first))
            return .and(first, try binder.condition(second, "AND", at: right.at))
        case .or(let left, let right):
            let first = try binder.condition(try bind(left), "OR", at: left.at)
            let second = try bind(right, where: .isNotTrue(first))
            return .or(first, try binder.condition(second, "OR", at: right.at))
        case .not(let operand, _):
            return .not(try binder.condition(try bind(operand), "NOT", at: operand.at))
        case .cast(let operand, let name, let at): return try cast(operand, name, at)
        case .cases(let operand, let arms, let otherwise, let at):
            return try cases(operand, arms, otherwise, at)
        case .test(let operand, let test, let negated, _): return try isTest(operand, test, negated)
        case .distinct(let left, let right, let negated, let at):
            let same = try binary(
                "is not distinct from", try bind(left), try bind(right), at, (left.at, right.at))
            return negated ? same : .not(same)
        case .between(let value, let low, let high, let negated, let symmetric, let at):
            return try between(value, low, high, negated, symmetric, at)
        case .inList(let value, let list, let negated, let at):
            return try inList(value, list, negated, at)
        case .like(let symbol, let value, let pattern, let escape, let at):
            var right = try bind(pattern)
            if let escape {
                right = try function("like_escape", [right, try bind(escape)], at)
            }
            return try binary(symbol, try bind(value), right, at, (value.at, pattern.at))
        case .star(_, let at):
            throw SQLError(
                .syntaxError, "syntax error at or near \"*\"", position: binder.position(at))
        case .subquery(let query, let at):
            return try subqueries(at).scalar(query, at: at)
        case .exists(let query, let at): return try subqueries(at).exists(query)
        case .inQuery(let left, let query, let negated, let at):
            let found = try contains(left, query, isCondition: isCondition && !negated, at)
            return negated ? .not(found) : found
        case .comparedQuery(let symbol, .row(let left, _), let query, let isAll, let at):
            return try rows(symbol, left, query, isAll, at)
        case .comparedQuery(let symbol, let left, let query, let isAll, let at):
            return try subqueries(at).compared(
                try bind(left), symbol, query, isAll: isAll, inner, at: at)
        case .arrayQuery(let query, let at):
            return try subqueries(at).array(query, at: at)
        case .array(let list, let at): return try arrayConstructor(list, at)
        case .subscript_(let value, let subscripts, let at):
            return try subscripted(try bind(value), subscripts, at)
        case .quantified(let symbol, let left, let right, let isAll, let at):
            return try quantified(symbol, try bind(left), try bind(right), isAll, at)
        case .row(_, let at): throw SQLError.unsupported("a row value", at: binder.position(at))
        case .named(_, _, let at):
            throw SQLError.unsupported("a named argument in this place", at: binder.position(at))
        }
    }

    /// Binds what is computed only for rows that meet a condition.
    func bind(_ node: Expression, where condition: Expr?) throws(SQLError) -> Expr {
        guard let condition, let subqueries else { return try bind(node) }
        subqueries.conditions.append(condition)
        defer { subqueries.conditions.removeLast() }
        return try bind(node)
    }

    /// The same without being a condition itself: for what stands within an expression.
    var inner: ExpressionBinder {
        var copy = self
        copy.isCondition = false
        return copy
    }

    private func subqueries(_ at: Int) throws(SQLError) -> Subqueries {
        guard let subqueries else {
            throw SQLError.unsupported("a subquery in this place", at: binder.position(at))
        }
        return subqueries
    }

    private func contains(_ left: Expression, _ query: Query, isCondition: Bool, _ at: Int)
        throws(SQLError) -> Expr
    {
        var values: [(Expr, Int)] = []
        if case .row(let list, _) = left {
            values = try inner.bindAll(list)
        } else {
            values = [(try inner.bind(left), left.at)]
        }
        return try subqueries(at).contains(
            values, query, isCondition: isCondition, inner, at: at)
    }

    private func bind(_ literal: Expression.Literal) throws(SQLError) -> Expr {
        switch literal {
        case .null: return .constant(.null, .unknown)
        case .bool(let value): return .constant(.bool(value), .boolean)
        case .string(let text): return .constant(.string(text), .unknown)
        case .integer(let text):
            if let value = Int64(text) {
                return .constant(.int(value), Int32(exactly: value) != nil ? .int4 : .int8)
            }
            return .constant(try TextEncoding.parse(Array(text.utf8), .numeric), .numeric)
        case .decimal(let text):
            return .constant(try TextEncoding.parse(Array(text.utf8), .numeric), .numeric)
        }
    }

    // MARK: - Names

    func column(_ parts: [String], _ at: Int) throws(SQLError) -> Expr {
        let found = scope.matches(parts)
        if found.count > 1 {
            throw SQLError(
                .ambiguousColumn, "column reference \"\(parts[parts.count - 1])\" is ambiguous",
                position: binder.position(at))
        }
        if let index = found.first { return .column(index, scope.entries[index].type) }
        if let outer = try outerColumn(parts, at) { return outer }
        if parts.last == "tableoid", let relation = scope.relation(of: parts) {
            return .constant(.int(Int64(relation)), .oid)
        }
        let position = binder.position(at)
        if parts.count > 1, !scope.hasTable(parts.dropLast()) {
            throw SQLError(
                .undefinedTable,
                "missing FROM-clause entry for table \"\(parts[parts.count - 2])\"",
                position: position)
        }
        if parts.count == 1, scope.hasTable(parts[0]) {
            throw SQLError.unsupported("a whole row as a value", at: position)
        }
        let name = parts.count == 1 ? "\"\(parts[0])\"" : parts.suffix(2).joined(separator: ".")
        throw SQLError(.undefinedColumn, "column \(name) does not exist", position: position)
    }

    /// A column of a query around this one, the nearest first.
    private func outerColumn(_ parts: [String], _ at: Int) throws(SQLError) -> Expr? {
        if parts.count > 1, scope.hasTable(parts.dropLast()) { return nil }
        for (level, outer) in binder.outerScopes.enumerated().reversed() {
            let found = outer.matches(parts)
            if found.count > 1 {
                throw SQLError(
                    .ambiguousColumn,
                    "column reference \"\(parts[parts.count - 1])\" is ambiguous",
                    position: binder.position(at))
            }
            if let index = found.first {
                return .column(
                    OuterReference.index(level: level, column: index), outer.entries[index].type)
            }
        }
        return nil
    }

    // MARK: - Operators

    private func unary(_ symbol: String, _ operand: Expression, _ at: Int) throws(SQLError) -> Expr
    {
        // -9223372036854775808 is a bigint although its digits alone are not.
        if symbol == "-", case .literal(.integer(let text), _) = operand,
            let value = Int64("-" + text)
        {
            return .constant(.int(value), Int32(exactly: value) != nil ? .int4 : .int8)
        }
        if symbol == "-", case .literal(.decimal(let text), _) = operand {
            return .constant(try TextEncoding.parse(Array(("-" + text).utf8), .numeric), .numeric)
        }
        let value = try bind(operand)
        var arguments = [value]
        if value.type.kind == .unknown, symbol == "-" || symbol == "+" {
            arguments = [try binder.convertImplicitly(value, to: .float8, at: operand.at)]
        }
        return try resolve(symbol, arguments, at, [operand.at], isOperator: true)
    }

    /// (a, b) op (c, d): by the first pair that differs.
    private func rows(_ symbol: String, _ left: [Expression], _ right: [Expression], _ at: Int)
        throws(SQLError) -> Expr
    {
        guard left.count == right.count else {
            throw SQLError(
                .syntaxError, "unequal number of entries in row expressions",
                position: binder.position(at))
        }
        guard !left.isEmpty else {
            throw SQLError(
                .featureNotSupported, "cannot compare rows of zero length",
                position: binder.position(at))
        }
        func pair(_ index: Int, _ symbol: String) throws(SQLError) -> Expr {
            try binary(
                symbol, try bind(left[index]), try bind(right[index]), at,
                (left[index].at, right[index].at))
        }
        guard ["=", "<>", "<", "<=", ">", ">="].contains(symbol) else {
            throw SQLError.unsupported("operator \(symbol) on row values", at: binder.position(at))
        }
        var result = try pair(left.count - 1, symbol)
        for index in left.indices.dropLast().reversed() {
            switch symbol {
            case "=": result = .and(try pair(index, "="), result)
            case "<>": result = .or(try pair(index, "<>"), result)
            default:
                let strict = String(symbol.prefix(1))
                result = .or(try pair(index, strict), .and(try pair(index, "="), result))
            }
        }
        return result
    }

    /// text || anything: the other side is written as text.
    private func concatenation(_ left: Expr, _ right: Expr, _ at: Int) throws(SQLError) -> (
        Expr, Expr
    ) {
        // Text of no type yet becomes what stands beside it, where that can be joined itself.
        let joined: Set<DataType.Kind> = [.array, .jsonb, .bytea]
        if joined.contains(left.type.kind) || joined.contains(right.type.kind) {
            if right.type.kind == .unknown {
                return (left, try binder.convertImplicitly(right, to: left.type.base, at: at))
            }
            if left.type.kind == .unknown {
                return (try binder.convertImplicitly(left, to: right.type.base, at: at), right)
            }
            // An array takes a text as its element; nothing makes a text of it.
            if left.type.kind == .array || right.type.kind == .array { return (left, right) }
        }
        func text(_ value: Expr, _ other: Expr) throws(SQLError) -> Expr {
            guard other.type.isString, !value.type.isString else { return value }
            return try binder.convert(value, to: .text, .explicit, at: at) {
                SQLError.internalFault("no text form of \(value.type.name)")
            }
        }
        return (try text(left, right), try text(right, left))
    }

    /// A boolean as its output function writes it (t, f), which a cast does not.
    func asOutput(_ value: Expr) -> Expr {
        guard value.type.kind == .boolean else { return value }
        return .cases(
            [
                (when: value, then: .constant(.string("t"), .text)),
                (when: .not(value), then: .constant(.string("f"), .text)),
            ],
            otherwise: .constant(.null, .text), .text)
    }

    func binary(_ symbol: String, _ left: Expr, _ right: Expr, _ at: Int, _ places: (Int, Int))
        throws(SQLError) -> Expr
    {
        var (a, b) = (left, right)
        if symbol == "||" { (a, b) = try concatenation(a, b, at) }
        // One side unknown: try it as the other side's type first.
        if a.type.kind == .unknown, b.type.kind != .unknown,
            FunctionRegistry.exact(symbol, [b.type, b.type]) != nil
        {
            a = try binder.convertImplicitly(a, to: b.type.base, at: places.0)
        } else if b.type.kind == .unknown, a.type.kind != .unknown,
            FunctionRegistry.exact(symbol, [a.type, a.type]) != nil
        {
            b = try binder.convertImplicitly(b, to: a.type.base, at: places.1)
        }
        if ExpressionBinder.comparisons.contains(symbol) {
            (a, b) = (midnight(a, beside: b), midnight(b, beside: a))
        }
        return try resolve(symbol, [a, b], at, [places.0, places.1], isOperator: true)
    }

    private static let comparisons: Set<String> = [
        "=", "<>", "<", "<=", ">", ">=", "is not distinct from",
    ]

    /// A date that is compared with a time stamp, whose range is smaller than that of dates.
    private func midnight(_ value: Expr, beside other: Expr) -> Expr {
        guard value.type.kind == .date,
            other.type.kind == .timestamp || other.type.kind == .timestamptz
        else { return value }
        let type = other.type.base.styled(binder.textStyle)
        return .call(CalendarFunctions.midnight(as: type), [value], type)
    }

    func function(_ name: String, _ arguments: [Expr], _ at: Int) throws(SQLError) -> Expr {
        try resolve(name, arguments, at, arguments.map { _ in at }, isOperator: false)
    }

    private func resolve(
        _ name: String, _ arguments: [Expr], _ at: Int, _ places: [Int], isOperator: Bool
    ) throws(SQLError) -> Expr {
        let types = arguments.map(\.type)
        if let made = try madeFunction(name, arguments, at, isOperator: isOperator) { return made }
        // Making or reading a time needs a zone, and a date is shown as its midnight somewhere.
        let needsZone =
            name == "to_timestamp" && types.count == 2
            || name == "make_timestamptz" && types.count == 6
            || name == "to_char" && types.first?.kind == .date
            || name == "date_trunc" && types.count == 2 && types[1].kind == .date
            || name == SeriesFunctions.name && types.count == 3
                && types.contains { $0.kind == .interval || $0.kind == .date }
                && !types.contains { $0.kind == .timestamp }
        if !name.hasSuffix("@zone"),
            needsZone || types.contains(where: { $0.kind == .timestamptz }),
            !OverloadResolution.candidates(
                FunctionRegistry.overloads(name + "@zone"), types + [.text]
            ).isEmpty
        {
            // The answer depends on the session's time zone.
            let zone = Expr.constant(.string(binder.zoneName), .text)
            return try resolve(
                name + "@zone", arguments + [zone], at, places + [at], isOperator: isOperator)
        }
        let found = OverloadResolution.candidates(FunctionRegistry.overloads(name), types)
        guard let function = found.first, found.count == 1 else {
            throw unresolved(name, types, at, isOperator: isOperator, isAmbiguous: found.count > 1)
        }
        var converted: [Expr] = []
        let seesBlanks = function.isVariadic || ExpressionBinder.blankSensitive.contains(name)
        for (index, written) in arguments.enumerated() {
            let argument = seesBlanks ? padded(written) : written
            let wanted = OverloadResolution.parameter(function, index)
            let context: CastFunctions.Context = function.isVariadic ? .explicit : .implicit
            converted.append(
                try binder.convert(
                    function.isVariadic ? asOutput(argument) : argument, to: wanted, context,
                    at: places[index]
                ) {
                    unresolved(name, types, at, isOperator: isOperator, isAmbiguous: false)
                })
        }
        if binder.isForView, function.isVolatile {
            throw SQLError(
                .featureNotSupported, "function \(name)() cannot be used in a materialized view",
                detail: "Its value depends on more than its arguments.",
                position: binder.position(at))
        }
        return .call(function, converted, function.result)
    }

    /// What PostgreSQL declares for char(n) itself: it sees the blanks that a cast to text takes off.
    private static let blankSensitive: Set<String> = [
        "~~", "!~~", "~~*", "!~~*", "~", "!~", "~*", "!~*", "octet_length",
    ]

    private func padded(_ value: Expr) -> Expr {
        guard value.type.kind == .bpchar, value.type.modifier >= 4 else { return value }
        return .call(CastFunctions.output(of: value.type), [value], .text)
    }

    func unresolved(
        _ name: String, _ types: [DataType], _ at: Int, isOperator: Bool, isAmbiguous: Bool
    ) -> SQLError {
        let list = types.map(\.base.name)
        let subject: String
        if isOperator {
            let spelled = list.count == 2 ? "\(list[0]) \(name) \(list[1])" : "\(name) \(list[0])"
            subject = "operator \(isAmbiguous ? "is not unique: " : "does not exist: ")\(spelled)"
        } else {
            // What stands behind @ tells the forms of one function apart.
            let known = name.prefix { $0 != "@" }
            subject =
                "function \(known)(\(list.joined(separator: ", "))) "
                + (isAmbiguous ? "is not unique" : "does not exist")
        }
        let kind = isOperator ? "operator" : "function"
        let hint =
            isAmbiguous
            ? "Could not choose a best candidate \(kind). You might need to add explicit type casts."
            : "No \(kind) matches the given name and argument types. You might need to add explicit "
                + "type casts."
        return SQLError(
            isAmbiguous ? .ambiguousFunction : .undefinedFunction, subject, hint: hint,
            position: binder.position(at))
    }

    // MARK: - Forms

    private func cast(_ operand: Expression, _ name: TypeName, _ at: Int) throws(SQLError) -> Expr {
        let type = try binder.type(name)
        let value: Expr
        if case .array(let list, let arrayAt) = operand, type.kind == .array {
            value = try arrayConstructor(list, as: type, arrayAt)
        } else {
            value = try bind(operand)
        }
        return try binder.convert(value, to: type, .explicit, at: operand.at) {
            SQLError(
                .cannotCoerce, "cannot cast type \(value.type.name) to \(type.name)",
                position: binder.position(at))
        }
    }

    private func isTest(_ operand: Expression, _ test: Expression.Test, _ negated: Bool)
        throws(SQLError) -> Expr
    {
        let value = try bind(operand)
        let result: Expr
        switch test {
        case .null: result = .isNull(try binder.resolved(value, at: operand.at))
        case .unknown: result = .isNull(try binder.condition(value, "IS UNKNOWN", at: operand.at))
        case .isTrue, .isFalse:
            let name = test == .isTrue ? "IS TRUE" : "IS FALSE"
            let bool = try binder.condition(value, name, at: operand.at)
            let wanted = test == .isTrue ? bool : .not(bool)
            result = .coalesce([wanted, .constant(.bool(false), .boolean)], .boolean)
        }
        return negated ? .not(result) : result
    }

    private func between(
        _ value: Expression, _ low: Expression, _ high: Expression, _ negated: Bool,
        _ symmetric: Bool,
        _ at: Int
    ) throws(SQLError) -> Expr {
        let (v, a, b) = (try bind(value), try bind(low), try bind(high))
        func within(_ low: Expr, _ high: Expr) throws(SQLError) -> Expr {
            .and(
                try binary(">=", v, low, at, (value.at, at)),
                try binary("<=", v, high, at, (value.at, at)))
        }
        let result = symmetric ? Expr.or(try within(a, b), try within(b, a)) : try within(a, b)
        return negated ? .not(result) : result
    }

    private func inList(_ value: Expression, _ list: [Expression], _ negated: Bool, _ at: Int)
        throws(SQLError) -> Expr
    {
        var result: Expr?
        if case .row(let left, _) = value {
            for item in list {
                guard case .row(let right, _) = item else {
                    throw SQLError(
                        .undefinedFunction, "operator does not exist: record = scalar",
                        position: binder.position(at))
                }
                let equal = try rows("=", left, right, at)
                result = result.map { .or($0, equal) } ?? equal
            }
            let found = result ?? .constant(.bool(false), .boolean)
            return negated ? .not(found) : found
        }
        var left = try bind(value)
        var items = try bindAll(list)
        // Several values without columns are compared in the type that they and the left side share.
        let fixed = items.indices.filter { items[$0].0.columns.isEmpty }
        let types = [left.type] + fixed.map { items[$0].0.type }
        let kinds = Set(types.filter { $0.kind != .unknown }.map(\.base))
        if fixed.count > 1, fixed.count == items.count, kinds.count > 1,
            let type = OverloadResolution.commonType(types)
        {
            left = try binder.convertImplicitly(left, to: type, at: value.at)
            for index in fixed {
                let (item, itemAt) = items[index]
                items[index].0 = try binder.convertImplicitly(item, to: type, at: itemAt)
            }
        }
        var tests: [Expr] = []
        for (item, itemAt) in items {
            tests.append(try binary("=", left, item, at, (value.at, itemAt)))
        }
        let found = ExpressionBinder.anyOf(tests[...]) ?? .constant(.bool(false), .boolean)
        return negated ? .not(found) : found
    }

    /// OR of all, as a balanced tree: a list of thousands must not nest as deep.
    private static func anyOf(_ list: ArraySlice<Expr>) -> Expr? {
        if list.count <= 1 { return list.first }
        let middle = list.startIndex + list.count / 2
        guard let left = anyOf(list[..<middle]), let right = anyOf(list[middle...]) else {
            return nil
        }
        return .or(left, right)
    }

    private func cases(
        _ operand: Expression?, _ arms: [(when: Expression, then: Expression)],
        _ otherwise: Expression?,
        _ at: Int
    ) throws(SQLError) -> Expr {
        if setCalls != nil {
            var inner = self
            inner.setCalls = nil
            inner.forbidsAggregates = forbidsAggregates ?? "CASE"
            return try inner.cases(operand, arms, otherwise, at)
        }
        var conditions: [Expr] = []
        var results: [(Expr, Int)] = []
        let subject: Expr?
        if let operand { subject = try bind(operand) } else { subject = nil }
        let before = subqueries?.conditions
        defer { if let before { subqueries?.conditions = before } }
        for arm in arms {
            var condition = try bind(arm.when)
            if let subject {
                condition = try binary("=", subject, condition, arm.when.at, (at, arm.when.at))
            } else {
                condition = try binder.condition(condition, "CASE/WHEN", at: arm.when.at)
            }
            conditions.append(condition)
            results.append((try bind(arm.then, where: condition), arm.then.at))
            subqueries?.conditions.append(.isNotTrue(condition))
        }
        if let otherwise {
            results.append((try bind(otherwise), otherwise.at))
        } else {
            results.append((.constant(.null, .unknown), at))
        }
        // ELSE decides about the type before the others.
        results.insert(results.removeLast(), at: 0)
        let (unified, type) = try unify(results, "CASE")
        let pairs = zip(conditions, unified.dropFirst()).map { (when: $0.0, then: $0.1) }
        return .cases(pairs, otherwise: unified[0], type)
    }

    /// Converts alternatives to their common type.
    func unify(_ list: [(Expr, Int)], _ what: String) throws(SQLError) -> ([Expr], DataType) {
        guard let type = OverloadResolution.commonType(list.map(\.0.type)) else {
            let types = list.map(\.0.type).filter { $0.kind != .unknown }
            let other = types.first {
                OverloadResolution.category($0) != OverloadResolution.category(types[0])
            }
            throw SQLError(
                .datatypeMismatch,
                "\(what) types \(types[0].base.name) and \((other ?? types[0]).base.name) cannot be matched",
                position: binder.position(list[list.count - 1].1))
        }
        var result: [Expr] = []
        for (expression, at) in list {
            result.append(
                try binder.convert(expression, to: type, .implicit, at: at) {
                    SQLError(
                        .cannotCoerce,
                        "\(what) could not convert type \(expression.type.base.name) to \(type.name)",
                        position: binder.position(at))
                })
        }
        return (result, type)
    }
}
