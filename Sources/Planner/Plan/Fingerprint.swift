import Dataflow
import Types

extension LogicalPlan {
    /// A text that only the same plan has, so that equal parts of a plan are computed once; nil for
    /// plans that are not worth it or whose values are drawn anew each time.
    var fingerprint: String? {
        guard expressions.allSatisfy(\.isStable) else { return nil }
        var parts: [String] = []
        for input in inputs {
            guard let part = input.fingerprint else { return nil }
            parts.append(part)
        }
        guard let head = fingerprintHead else { return nil }
        return head + "(" + parts.joined(separator: ";") + ")"
    }

    /// What the plan does and with which columns, whatever these and its relations are called by now: state that
    /// has been written for one is of no use to another.
    package var layout: String {
        let kinds = fields.map { "\($0.type.kind.rawValue).\($0.type.element.rawValue)" }
        let below = inputs.map(\.layout).joined(separator: ";")
        return "\(fingerprintHead ?? "rows") \(kinds)(\(below))"
    }

    private static func text(_ keys: [SortKey]) -> String {
        keys.map { "\($0.column)\($0.descending ? "d" : "a")\($0.nullsFirst ? "f" : "l")" }
            .joined(separator: ",")
    }

    private var fingerprintHead: String? {
        let texts = expressions.map(\.fingerprint).joined(separator: "|")
        switch self {
        case .scan(let object, let columns): return "scan \(object.oid) \(columns)"
        case .values, .literal: return nil
        case .filter: return "filter \(texts)"
        case .project: return "project \(texts)"
        case .join(let join):
            let keys = join.keys.map { "\($0.left)=\($0.right)" }.joined(separator: ",")
            return "join \(join.kind.rawValue) \(keys) \(join.nullsMatch) \(texts)"
        case .aggregate(_, let keys, let aggregates, _):
            let items = aggregates.map { aggregate in
                let order = aggregate.order.map { "\($0.descending)\($0.nullsFirst)" }
                return "\(aggregate.function.rawValue) \(aggregate.isDistinct) \(order)"
                    + " \(aggregate.argument != nil)\(aggregate.second != nil)\(aggregate.filter != nil)"
            }
            return "aggregate \(keys.count) \(items) \(texts)"
        case .distinct: return "distinct"
        case .union: return "union"
        case .setOperation(let kind, let isAll, _, _): return "\(kind.rawValue) \(isAll)"
        case .expand(_, let sets): return "expand \(sets)"
        case .rank(_, let rank):
            let bound = rank.bound.map {
                "\($0.function.rawValue) \($0.offset) \($0.limit ?? -1)"
            }
            let session = rank.session.map { "\($0.timeColumn) \($0.gap)" }
            return "rank \(rank.partition) \(LogicalPlan.text(rank.order)) "
                + "\(rank.functions.map(\.rawValue)) \(bound ?? "") \(session ?? "")"
        case .hop(_, _, let windows): return "hop \(windows.text) \(texts)"
        case .sort(_, let keys, let limit, let offset):
            return "sort \(LogicalPlan.text(keys)) \(limit ?? -1) \(offset)"
        case .series: return "series \(texts)"
        case .unnest(_, _, let fields): return "unnest \(fields.count) \(texts)"
        }
    }
}
