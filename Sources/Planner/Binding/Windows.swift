import Dataflow
import Types

/// The ranking functions of one SELECT: each becomes a column behind what the SELECT computes from.
final class Windows {
    let named: [String: WindowDefinition]
    private struct Item {
        let function: RankOperator.Function
        let partition: [Expr]
        let order: [(Expr, SortKey)]
        let text: String
    }

    private var items: [Item] = []
    /// The number of the first column until `applied` knows the width.
    static let firstColumn = 600_000

    init(named: [String: WindowDefinition]) { self.named = named }

    var isEmpty: Bool { items.isEmpty }

    func add(
        _ function: RankOperator.Function, _ partition: [Expr], _ order: [(Expr, SortKey)]
    ) -> Expr {
        let keys = order.map {
            "\($0.0.fingerprint) \($0.1.descending) \($0.1.nullsFirst)"
        }
        let text = "\(partition.map { $0.fingerprint })|\(keys)"
        if let same = items.firstIndex(where: { $0.text == text && $0.function == function }) {
            return .column(Windows.firstColumn + same, .int8)
        }
        items.append(Item(function: function, partition: partition, order: order, text: text))
        return .column(Windows.firstColumn + items.count - 1, .int8)
    }

    /// The plan with a bigint column behind its own for each function. `placed` puts expressions over
    /// the plan's columns.
    func applied(to plan: LogicalPlan, _ placed: (Expr) -> Expr) -> LogicalPlan {
        var result = plan
        for item in items {
            let width = result.fields.count
            let own = result.fields.enumerated().map {
                Expr.column($0.offset, $0.element.type)
            }
            let keys = item.partition.map(placed) + item.order.map { placed($0.0) }
            let fields = result.fields + keys.map { Field("?window?", $0.type) }
            var order: [SortKey] = []
            for (index, (_, key)) in item.order.enumerated() {
                var copy = key
                copy.column = width + item.partition.count + index
                order.append(copy)
            }
            let rank = LogicalPlan.Rank(
                partition: Array(width..<(width + item.partition.count)), order: order,
                functions: [item.function])
            let ranked = LogicalPlan.rank(.project(result, own + keys, fields), rank)
            result = .project(
                ranked, own + [.column(width + keys.count, .int8)],
                result.fields + [Field(item.function.rawValue, .int8)])
        }
        return result
    }
}
