import Dataflow
import Types

/// Groups over sliding windows by panes: rows are first grouped by the piece of time (the greatest common
/// divisor of slide and size) they lie in, and only the groups are copied into the windows. A row costs
/// the same whatever the ratio of size to slide.
///
/// After Li, Maier, Tufte, Papadimos and Tucker, "No pane, no gain" (SIGMOD Record 2005).
enum HopPanes {
    static func applied(_ plan: LogicalPlan) -> LogicalPlan {
        let below = plan.withInputs(plan.inputs.map(applied))
        guard
            case .aggregate(
                .hop(let input, let time, let windows), let keys, let aggregates, let fields
            ) = below,
            windows.size > windows.slide, time.type.kind == .timestamp
        else { return below }
        var rewriting = Rewriting(input, time, windows)
        return rewriting.plan(keys, aggregates, fields) ?? below
    }

    private struct Rewriting {
        let input: LogicalPlan
        let time: Expr
        let windows: HopWindows
        let width: Int
        private var partial: [Aggregate] = []
        private var combined: [Aggregate] = []

        init(_ input: LogicalPlan, _ time: Expr, _ windows: HopWindows) {
            self.input = input
            self.time = time
            self.windows = windows
            width = input.fields.count
        }

        /// nil when something needs the rows themselves.
        mutating func plan(_ keys: [Expr], _ aggregates: [Aggregate], _ fields: [Field])
            -> LogicalPlan?
        {
            // A key is of the rows or is a bound of the window.
            var own: [Expr] = []
            var places: [(isBound: Bool, index: Int)] = []
            for key in keys {
                if case .column(let index, _) = key, index >= width {
                    places.append((true, index - width))
                } else if key.columns.allSatisfy({ $0 < width }) {
                    places.append((false, own.count))
                    own.append(key)
                } else {
                    return nil
                }
            }
            guard places.contains(where: \.isBound), let start = paneStart else { return nil }
            let offset = own.count + 1
            var results: [Expr] = []
            for aggregate in aggregates {
                guard let result = add(aggregate, offset: offset, keys: keys.count) else {
                    return nil
                }
                results.append(result)
            }
            let inner = own + [start]
            let innerFields =
                inner.map { Field("key", $0.type) } + partial.map { Field("part", $0.result) }
            let panes = LogicalPlan.hop(
                .aggregate(input, keys: inner, partial, innerFields),
                time: .column(own.count, .timestamp), windows)
            let bounds = innerFields.count
            let outer = places.map { place -> Expr in
                place.isBound
                    ? .column(bounds + place.index, .timestamp)
                    : .column(place.index, own[place.index].type)
            }
            let outerFields =
                outer.map { Field("key", $0.type) } + combined.map { Field("whole", $0.result) }
            let whole = LogicalPlan.aggregate(panes, keys: outer, combined, outerFields)
            let shown = outer.indices.map { Expr.column($0, outer[$0].type) } + results
            return .project(whole, shown, fields)
        }

        /// Where the pane begins that a row lies in.
        private var paneStart: Expr? {
            var numbers = [HopPanes.divisor(windows.slide, windows.size)]
            if windows.offset != 0 { numbers.append(windows.offset) }
            let types = [DataType.timestamp] + numbers.map { _ in .int8 }
            guard let pane = FunctionRegistry.exact("pane_start@", types) else { return nil }
            return .call(pane, [time] + numbers.map { .constant(.int($0), .int8) }, .timestamp)
        }

        /// Splits an aggregate into one over panes and one over those. - Returns: its value.
        private mutating func add(_ aggregate: Aggregate, offset: Int, keys: Int) -> Expr? {
            guard !aggregate.isDistinct, aggregate.order.isEmpty,
                aggregate.expressions.allSatisfy({ $0.columns.allSatisfy { $0 < width } })
            else { return nil }
            /// The sum of parts: parts that are whole numbers add up as the smaller type's sum does.
            func total(_ part: Aggregate, as type: DataType, _ result: DataType) -> Expr {
                partial.append(part)
                combined.append(
                    Aggregate(
                        .sum, argument: .column(offset + partial.count - 1, type), filter: nil,
                        result: result))
                return .column(keys + combined.count - 1, result)
            }
            switch aggregate.function {
            case .countAll, .count: return total(aggregate, as: .int4, .int8)
            case .sum:
                switch aggregate.result.kind {
                case .int8: return total(aggregate, as: .int4, .int8)
                case .numeric: return total(aggregate, as: .numeric, .numeric)
                default: return nil
                }
            case .min, .max, .boolAnd, .boolOr, .bitAnd, .bitOr:
                partial.append(aggregate)
                combined.append(
                    Aggregate(
                        aggregate.function,
                        argument: .column(offset + partial.count - 1, aggregate.result),
                        filter: nil, result: aggregate.result))
                return .column(keys + combined.count - 1, aggregate.result)
            case .avg:
                guard let argument = aggregate.argument, aggregate.result.kind == .numeric,
                    let sumType = Aggregate.resultType(.sum, argument.type),
                    let divide = FunctionRegistry.exact("/", [.numeric, .numeric])
                else { return nil }
                let sum = Aggregate(
                    .sum, argument: argument, filter: aggregate.filter, result: sumType)
                let count = Aggregate(
                    .count, argument: argument, filter: aggregate.filter, result: .int8)
                let all = total(sum, as: sumType, .numeric)
                let number = total(count, as: .int8, .numeric)
                return .call(divide, [all, number], .numeric)
            default: return nil
            }
        }
    }

    private static func divisor(_ a: Int64, _ b: Int64) -> Int64 {
        b == 0 ? a : divisor(b, a % b)
    }
}
