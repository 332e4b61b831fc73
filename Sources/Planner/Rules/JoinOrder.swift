import Dataflow
import Types

/// Puts the inputs of inner joins into an order in which each is joined to those before it by an equality,
/// if there is one: FROM a, b, c WHERE a.x = c.x AND b.y = c.y makes no pairs of a and b. Otherwise the order
/// of FROM stays.
enum JoinOrder {
    static func applied(_ plan: LogicalPlan) -> LogicalPlan {
        switch plan {
        case .filter(.join(let join), let predicate) where isPlain(join):
            var tree = Tree(join)
            tree.predicates += PredicatePushdown.conjuncts(predicate)
            return tree.reordered() ?? plan.withInputs(plan.inputs.map(applied))
        case .join(let join) where isPlain(join):
            return Tree(join).reordered() ?? plan.withInputs(plan.inputs.map(applied))
        default: return plan.withInputs(plan.inputs.map(applied))
        }
    }

    private static func isPlain(_ join: LogicalPlan.Join) -> Bool {
        join.kind == .inner && join.keys.isEmpty && !join.nullsMatch
    }

    /// Inner joins of inputs that are none, and all their conditions over the columns of all inputs.
    private struct Tree {
        var inputs: [LogicalPlan] = []
        var predicates: [Expr] = []

        init(_ join: LogicalPlan.Join) { collect(join, offset: 0) }

        private mutating func collect(_ join: LogicalPlan.Join, offset: Int) {
            for (side, shift) in [(join.left, 0), (join.right, join.left.fields.count)] {
                if case .join(let below) = side, JoinOrder.isPlain(below) {
                    collect(below, offset: offset + shift)
                } else {
                    inputs.append(side)
                }
            }
            if let condition = join.condition {
                predicates += PredicatePushdown.conjuncts(condition).map {
                    $0.remapped { OuterReference.isOuter($0) ? $0 : $0 + offset }
                }
            }
        }

        /// nil when the order is good as it is.
        func reordered() -> LogicalPlan? {
            guard inputs.count > 2 else { return nil }
            var starts: [Int] = []
            var width = 0
            for input in inputs {
                starts.append(width)
                width += input.fields.count
            }
            /// The one input that a side of an equality reads.
            func owner(_ side: Expr) -> Int? {
                let owners = Set(
                    side.columns.map { column in starts.lastIndex { $0 <= column } ?? 0 })
                return owners.count == 1 ? owners.first : nil
            }
            var edges: [Set<Int>] = inputs.map { _ in [] }
            for predicate in predicates {
                guard case .call(let function, let arguments, _) = predicate, function.name == "=",
                    predicate.columns.allSatisfy({ $0 < width }), arguments.count == 2,
                    let one = owner(arguments[0]), let other = owner(arguments[1]), one != other
                else { continue }
                edges[one].insert(other)
                edges[other].insert(one)
            }
            var order = [0]
            while order.count < inputs.count {
                let rest = inputs.indices.filter { !order.contains($0) }
                let next = rest.first { !edges[$0].isDisjoint(with: order) } ?? rest[0]
                order.append(next)
            }
            if order == Array(inputs.indices) { return nil }
            return built(order, starts, width)
        }

        private func built(_ order: [Int], _ starts: [Int], _ width: Int) -> LogicalPlan {
            var place: [Int: Int] = [:]
            var next = 0
            for input in order {
                for offset in inputs[input].fields.indices {
                    place[starts[input] + offset] = next
                    next += 1
                }
            }
            var plan = JoinOrder.applied(inputs[order[0]])
            for input in order.dropFirst() {
                plan = .join(
                    .init(
                        kind: .inner, left: plan, right: JoinOrder.applied(inputs[input]), keys: [])
                )
            }
            let moved = predicates.map { predicate in predicate.remapped { place[$0] ?? $0 } }
            if var all = moved.first {
                for predicate in moved.dropFirst() { all = .and(all, predicate) }
                plan = .filter(plan, all)
            }
            let fields = inputs.flatMap(\.fields)
            return .project(
                plan, (0..<width).map { .column(place[$0] ?? $0, fields[$0].type) }, fields)
        }
    }
}
