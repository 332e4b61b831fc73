package import Types

/// One aggregate of a GROUP BY.
package struct Aggregate: Sendable {
    /// The aggregate functions that there are.
    package enum Function: String, Sendable {
        case countAll = "count(*)"
        case count, sum, avg, min, max
        case boolAnd = "bool_and"
        case boolOr = "bool_or"
        case bitAnd = "bit_and"
        case bitOr = "bit_or"
        case bitXor = "bit_xor"
        case stringAgg = "string_agg"
        case arrayAgg = "array_agg"
        case jsonAgg = "json_agg"
        case jsonbAgg = "jsonb_agg"
        /// The value is the argument, the key (a text) the second expression.
        case jsonObjectAgg = "json_object_agg"
        case jsonbObjectAgg = "jsonb_object_agg"
        case variancePopulation = "var_pop"
        case varianceSample = "var_samp"
        case deviationPopulation = "stddev_pop"
        case deviationSample = "stddev_samp"
        /// The one value of a scalar subquery; NULL for no row, and for several, which who reads it has to count.
        case single
    }

    /// One item of an aggregate's ORDER BY.
    package struct Order: Sendable {
        package var expression: Expr
        package var descending: Bool
        package var nullsFirst: Bool

        package init(_ expression: Expr, descending: Bool, nullsFirst: Bool) {
            self.expression = expression
            self.descending = descending
            self.nullsFirst = nullsFirst
        }
    }

    package let function: Function
    /// Over the aggregate operator's input; nil for count(*).
    package var argument: Expr?
    /// The separator of string_agg, the key of json_object_agg.
    package var second: Expr?
    package var filter: Expr?
    package var isDistinct = false
    package var order: [Order] = []
    /// Of json_agg: whether its elements stand on lines of their own, as arrays and rows do.
    package var separatesLines = false
    package let result: DataType

    package init(_ function: Function, argument: Expr?, filter: Expr?, result: DataType) {
        self.function = function
        self.argument = argument
        self.filter = filter
        self.result = result
    }

    /// The same with every expression replaced.
    package func mapped(_ transform: (Expr) -> Expr) -> Aggregate {
        var copy = self
        copy.argument = argument.map(transform)
        copy.second = second.map(transform)
        copy.filter = filter.map(transform)
        copy.order = order.map {
            Order(transform($0.expression), descending: $0.descending, nullsFirst: $0.nullsFirst)
        }
        return copy
    }

    /// Every expression that is computed for a row.
    package var expressions: [Expr] {
        [argument, second, filter].compactMap { $0 } + order.map(\.expression)
    }

    /// Whether all values of a group have to be remembered, in order.
    package var isCollecting: Bool { Aggregate.isCollecting(function) }

    /// Whether an aggregate's value shows in which order its rows came.
    package static func isCollecting(_ function: Function) -> Bool {
        switch function {
        case .stringAgg, .arrayAgg, .jsonAgg, .jsonbAgg, .jsonObjectAgg, .jsonbObjectAgg: true
        default: false
        }
    }

    /// The result type for an argument type; nil when there is no such aggregate.
    package static func resultType(_ function: Function, _ argument: DataType) -> DataType? {
        switch function {
        case .countAll, .count: return .int8
        case .sum:
            switch argument.kind {
            case .int2, .int4: return .int8
            case .int8, .numeric: return .numeric
            case .float4, .float8, .interval: return argument.base
            default: return nil
            }
        case .avg:
            switch argument.kind {
            case .int2, .int4, .int8, .numeric: return .numeric
            case .float4, .float8: return .float8
            case .interval: return .interval
            default: return nil
            }
        case .min, .max:
            switch argument.kind {
            case .boolean, .unknown, .name, .json, .jsonb: return nil
            default: break
            }
            // The blanks that char(n) is filled up with are its modifier's.
            return argument.kind == .bpchar ? argument : argument.base
        case .boolAnd, .boolOr: return argument.kind == .boolean ? .boolean : nil
        case .bitAnd, .bitOr, .bitXor: return argument.isInteger ? argument.base : nil
        case .variancePopulation, .varianceSample, .deviationPopulation, .deviationSample:
            switch argument.kind {
            case .int2, .int4, .int8, .numeric: return .numeric
            case .float4, .float8: return .float8
            default: return nil
            }
        case .stringAgg: return argument.kind == .bytea ? .bytea : .text
        case .single: return argument
        case .arrayAgg: return argument.kind == .array ? argument : .array(of: argument.kind)
        case .jsonAgg, .jsonObjectAgg: return .json
        case .jsonbAgg, .jsonbObjectAgg: return .jsonb
        }
    }
}
