package import Dataflow
import Types

/// Plans and expressions as text; equal expressions have equal texts.
package enum Explain {
    /// One line a node, children indented.
    /// `indexes`: the columns of each index that a relation has; `counts`: how many rows it has.
    package static func lines(
        _ plan: LogicalPlan, indent: Int = 0, indexes: (Int32) -> [[Int]] = { _ in [] },
        counts: (Int32) -> Double? = { _ in nil }
    ) -> [String] {
        let prefix = indent == 0 ? "" : String(repeating: " ", count: indent * 2 - 2) + "-> "
        let estimate = "  (rows ~ \(whole(plan.estimatedRows(counts))))"
        if case .filter(.scan(let object, let columns), let predicate) = plan,
            let access = IndexRanges.access(
                object, scanned: columns, predicate, indexes: indexes(object.oid))
        {
            let names = access.columns.map { object.columns[$0].name }.joined(separator: ", ")
            let count = access.ranges.count
            return [
                prefix + head(plan) + estimate,
                String(repeating: " ", count: indent * 2) + "-> "
                    + head(.scan(object, columns: columns))
                    + " by index (\(names)), \(count) range\(count == 1 ? "" : "s")",
            ]
        }
        return [prefix + head(plan) + estimate]
            + plan.inputs.flatMap {
                lines($0, indent: indent + 1, indexes: indexes, counts: counts)
            }
    }

    private static func whole(_ rows: Double) -> String {
        rows < 1e18 ? String(Int64(rows)) : "many"
    }

    private static func head(_ plan: LogicalPlan) -> String {
        switch plan {
        case .scan(let object, let columns):
            let names = columns.map { object.columns[$0].name }.joined(separator: ", ")
            return "Scan \(object.schema).\(object.name) [\(names)]"
        case .values(let rows, _): return "Values (\(rows.count) rows)"
        case .literal(let batch, _): return "Rows (\(batch.count) rows)"
        case .filter(let input, let predicate):
            return "Filter \(text(predicate, input.fields.map(\.name)))"
        case .project(let input, let list, let fields):
            let names = input.fields.map(\.name)
            let items = zip(list, fields).map { "\($0.1.name) = \(text($0.0, names))" }
            return "Map [\(items.joined(separator: ", "))]"
        case .join(let join):
            let (left, right) = (join.left.fields.map(\.name), join.right.fields.map(\.name))
            let keys = join.keys.map { "\(left[$0.left]) = \(right[$0.right])" }
            let rest = join.condition.map { " where \(text($0, left + right))" } ?? ""
            let name = join.kind == .inner ? "Join" : "\(join.kind.rawValue.capitalizedFirst) Join"
            return "\(name) on [\(keys.joined(separator: ", "))]\(rest)"
        case .aggregate(let input, let keys, let aggregates, _):
            let names = input.fields.map(\.name)
            let keyTexts = keys.map { text($0, names) }.joined(separator: ", ")
            let items = aggregates.map { aggregate in
                let argument = aggregate.argument.map { "(\(text($0, names)))" } ?? ""
                let filter = aggregate.filter.map { " filter (\(text($0, names)))" } ?? ""
                let distinct = aggregate.isDistinct ? " distinct" : ""
                return aggregate.function.rawValue + distinct + argument + filter
            }
            return "Aggregate by [\(keyTexts)]: \(items.joined(separator: ", "))"
        case .distinct: return "Distinct"
        case .union: return "Union All"
        case .setOperation(let kind, let isAll, _, _):
            return kind.rawValue.capitalizedFirst + (isAll ? " All" : "")
        case .expand(_, let sets): return "Expand into \(sets) sets"
        case .rank(let input, let rank):
            let names = input.fields.map(\.name)
            let keys = rank.order.map { names[$0.column] + ($0.descending ? " desc" : "") }
            var text = "Rank by [\(keys.joined(separator: ", "))]"
            if !rank.partition.isEmpty {
                text += " in [\(rank.partition.map { names[$0] }.joined(separator: ", "))]"
            }
            for function in rank.functions { text += " \(function.rawValue)" }
            if let bound = rank.bound {
                text +=
                    " first \(bound.limit.map(String.init) ?? "all") by \(bound.function.rawValue)"
                if bound.offset > 0 { text += " behind \(bound.offset)" }
            }
            return text
        case .sort(_, let keys, let limit, let offset):
            var parts =
                keys.isEmpty
                ? []
                : [
                    "by [\(keys.map { "\($0.column + 1)\($0.descending ? " desc" : "")" }.joined(separator: ", "))]"
                ]
            if let limit { parts.append("limit \(limit)") }
            if offset > 0 { parts.append("offset \(offset)") }
            return "Sort \(parts.joined(separator: " "))"
        case .hop(let input, let time, let windows):
            let at = text(time, input.fields.map(\.name))
            let offset = windows.offset == 0 ? "" : " from \(windows.offset) us"
            return "Hop \(at) every \(windows.slide) us for \(windows.size) us\(offset)"
        case .unnest(let input, let arrays, _):
            let names = input.fields.map(\.name)
            return "Unnest (\(arrays.map { text($0, names) }.joined(separator: ", ")))"
        case .series(let input, let arguments, _):
            let names = input.fields.map(\.name)
            return "Series (\(arguments.map { text($0, names) }.joined(separator: ", ")))"
        }
    }

    /// `names`: what columns are called; `#n` without.
    package static func text(_ expression: Expr, _ names: [String] = []) -> String {
        switch expression {
        case .column(let index, _):
            return names.indices.contains(index) ? names[index] : "#\(index)"
        case .constant(let value, let type):
            let bytes = TextEncoding.text(value, type) ?? Array("NULL".utf8)
            let text = String(decoding: bytes, as: UTF8.self)
            return value.isNull || type.isNumber ? text : "'\(text)'::\(type.name)"
        case .call(let function, let arguments, let type):
            let list = arguments.map { text($0, names) }
            if function.name == "cast" { return "\(list[0])::\(type.name)" }
            let isSymbol = function.name.first.map { !$0.isLetter } ?? false
            if isSymbol, list.count == 2 { return "(\(list[0]) \(function.name) \(list[1]))" }
            return "\(function.name)(\(list.joined(separator: ", ")))"
        case .and(let left, let right): return "(\(text(left, names)) AND \(text(right, names)))"
        case .or(let left, let right): return "(\(text(left, names)) OR \(text(right, names)))"
        case .not(let inner): return "NOT \(text(inner, names))"
        case .isNull(let inner): return "\(text(inner, names)) IS NULL"
        case .holds(let inner): return text(inner, names)
        case .cases(let arms, let otherwise, _):
            let list = arms.map { "WHEN \(text($0.when, names)) THEN \(text($0.then, names))" }
            return "CASE \(list.joined(separator: " ")) ELSE \(text(otherwise, names)) END"
        case .coalesce(let inputs, _):
            return "COALESCE(\(inputs.map { text($0, names) }.joined(separator: ", ")))"
        }
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
