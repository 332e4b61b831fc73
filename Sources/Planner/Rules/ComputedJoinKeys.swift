import Dataflow
import Types

/// Makes keys of equalities between expressions, each over one side of a join: the expressions become
/// columns of their sides. Otherwise every pair of rows would be looked at.
///
/// They are computed for rows that meet no other, too. So an expression that can fail is a key only when
/// nothing but a value out of range makes it fail, nothing else pairs the rows, and it is asked first.
enum ComputedJoinKeys {
    static func applied(_ original: LogicalPlan) -> LogicalPlan {
        let plan = original.withInputs(original.inputs.map(applied))
        switch plan {
        case .filter(.join(let join), let predicate)
        where join.kind == .inner && join.keys.isEmpty && join.condition == nil:
            // What can fail has been left above the join.
            guard let found = Sides(join, PredicatePushdown.conjuncts(predicate)) else {
                return plan
            }
            let keyed = found.joined(join)
            return PredicatePushdown.conjunction(found.rest).map { .filter(keyed, $0) } ?? keyed
        case .join(var join):
            guard let condition = join.condition,
                let found = Sides(join, PredicatePushdown.conjuncts(condition))
            else { return plan }
            join.condition = PredicatePushdown.conjunction(found.rest)
            return found.joined(join)
        default: return plan
        }
    }

    /// The sides of the equalities of a list, and its other conditions.
    private struct Sides {
        var left: [Expr] = []
        /// Over the right side's own columns.
        var right: [Expr] = []
        var rest: [Expr] = []

        /// nil when there are none.
        init?(_ join: LogicalPlan.Join, _ list: [Expr]) {
            if join.nullsMatch { return nil }
            let width = join.left.fields.count
            for (place, predicate) in list.enumerated() {
                let isUseful =
                    !predicate.canFail
                    || place == 0 && join.keys.isEmpty && Sides.failsOnlyOutOfRange(predicate)
                if isUseful, let (one, other) = Sides.equality(predicate, width) {
                    left.append(one)
                    right.append(other.remapped { $0 - width })
                } else {
                    rest.append(predicate)
                }
            }
            if left.isEmpty { return nil }
        }

        /// Whether it fails only where a number, or the place in a document or calendar, is out of range.
        private static func failsOnlyOutOfRange(_ expression: Expr) -> Bool {
            if case .call(let function, _, _) = expression, function.canFail {
                let isArithmetic =
                    ["+", "-", "*"].contains(function.name)
                    && function.arguments.allSatisfy(\.isNumber)
                guard isArithmetic || ["->", "->>", "date_trunc"].contains(function.name) else {
                    return false
                }
            }
            return expression.children.allSatisfy(failsOnlyOutOfRange)
        }

        /// What an equality compares, the left side's first.
        private static func equality(_ predicate: Expr, _ width: Int) -> (Expr, Expr)? {
            guard case .call(let function, let arguments, _) = predicate, function.name == "=",
                arguments.count == 2, predicate.isStable,
                arguments[0].type.physical == arguments[1].type.physical,
                // Their blanks do not count.
                arguments.allSatisfy({ $0.type.kind != .bpchar && !$0.columns.isEmpty })
            else { return nil }
            let isLeft = arguments.map { $0.columns.allSatisfy { $0 < width } }
            let isRight = arguments.map { $0.columns.allSatisfy { $0 >= width } }
            if isLeft[0], isRight[1] { return (arguments[0], arguments[1]) }
            if isLeft[1], isRight[0] { return (arguments[1], arguments[0]) }
            return nil
        }

        /// The join with these keys as well. Its result's columns are as before; its own condition makes
        /// room for the new ones.
        func joined(_ original: LogicalPlan.Join) -> LogicalPlan {
            let (leftFields, rightFields) = (original.left.fields, original.right.fields)
            let (width, added) = (leftFields.count, left.count)
            var join = original
            join.left = Sides.widened(original.left, left)
            join.right = Sides.widened(original.right, right)
            join.keys += left.indices.map { (left: width + $0, right: rightFields.count + $0) }
            join.condition = original.condition?.remapped { $0 < width ? $0 : $0 + added }
            let places = Array(0..<width) + rightFields.indices.map { width + added + $0 }
            let fields = LogicalPlan.join(original).fields
            return .project(
                .join(join), zip(places, fields).map { .column($0, $1.type) }, fields)
        }

        private static func widened(_ plan: LogicalPlan, _ keys: [Expr]) -> LogicalPlan {
            let fields = plan.fields
            return .project(
                plan, fields.enumerated().map { .column($0.offset, $0.element.type) } + keys,
                fields + keys.map { Field("key", $0.type) })
        }
    }
}
