package import Dataflow
package import Types

/// How a scan finds its rows by an index: the index's columns and the ranges to look in.
package struct IndexAccess: Sendable {
    package let columns: [Int]
    package let ranges: [KeyRange]
}

/// Finds ranges of an index in the conditions above a scan (docs/design/0009).
package enum IndexRanges {
    private static let maximumRanges = 1000

    /// What conditions say about one column of the relation.
    private struct Bounds {
        /// Keys one of which the column must have; nil: not known.
        var equal: [[UInt8]]?
        /// Keys that begin a range: the bytes, and whether the key itself is in it.
        var lower: (key: [UInt8], isIncluded: Bool)?
        var upper: (key: [UInt8], isIncluded: Bool)?
    }

    /// The best of some indexes for the rows of a scan that meet a predicate over its columns; nil when
    /// none helps. The predicate still has to be checked on what is found.
    package static func access(
        _ object: CatalogObject, scanned: [Int], _ predicate: Expr, indexes: [[Int]]
    ) -> IndexAccess? {
        if indexes.isEmpty { return nil }
        var bounds: [Int: Bounds] = [:]
        for conjunct in PredicatePushdown.conjuncts(predicate) {
            if let (column, keys) = equalities(conjunct, scanned, object) {
                bounds[column, default: Bounds()].equal = keys
            } else if let (column, name, key) = comparison(conjunct, scanned, object) {
                narrow(&bounds[column, default: Bounds()], name, key)
            }
        }
        var best: (access: IndexAccess, score: Int)?
        for index in indexes {
            guard let (ranges, score) = ranges(index, bounds) else { continue }
            if let best, best.score >= score { continue }
            best = (IndexAccess(columns: index, ranges: ranges), score)
        }
        return best?.access
    }

    private static func narrow(_ bounds: inout Bounds, _ name: String, _ key: [UInt8]) {
        // Of several bounds on one side any will do: the filter checks the others.
        switch name {
        case ">": bounds.lower = (key, false)
        case ">=": bounds.lower = (key, true)
        case "<": bounds.upper = (key, false)
        default: bounds.upper = (key, true)
        }
    }

    /// Equal leading columns, then one range; the score is higher for what finds fewer rows.
    private static func ranges(_ index: [Int], _ bounds: [Int: Bounds]) -> ([KeyRange], Int)? {
        var prefixes: [[UInt8]] = [[]]
        var score = 0
        for column in index {
            guard let known = bounds[column] else { break }
            if let equal = known.equal {
                guard prefixes.count * equal.count <= maximumRanges else { break }
                prefixes = prefixes.flatMap { prefix in equal.map { prefix + $0 } }
                score += 2
                continue
            }
            let ranges = prefixes.map { range(behind: $0, known) }
            return (ranges, score + 1)
        }
        if score == 0 { return nil }
        let ranges = Set(prefixes).map { KeyRange(lower: $0, upper: KeyRange.end(of: $0)) }
        return (ranges.sorted { $0.lower.lexicographicallyPrecedes($1.lower) }, score)
    }

    private static func range(behind prefix: [UInt8], _ bounds: Bounds) -> KeyRange {
        // A key begins with 1, or with 2 for NULL, which no comparison finds.
        var (lower, upper) = (prefix + [1], KeyRange.end(of: prefix + [1]))
        if let (key, isIncluded) = bounds.lower {
            lower = isIncluded ? prefix + key : KeyRange.end(of: prefix + key) ?? prefix + [2]
        }
        if let (key, isIncluded) = bounds.upper {
            upper = isIncluded ? KeyRange.end(of: prefix + key) : prefix + key
        }
        return KeyRange(lower: lower, upper: upper)
    }

    // MARK: - Conditions

    /// column = constant, or such conditions on one column with OR between them.
    private static func equalities(_ condition: Expr, _ scanned: [Int], _ object: CatalogObject)
        -> (column: Int, keys: [[UInt8]])?
    {
        if case .or(let left, let right) = condition {
            guard let (column, keys) = equalities(left, scanned, object),
                let (other, more) = equalities(right, scanned, object), column == other,
                keys.count + more.count <= maximumRanges
            else { return nil }
            return (column, keys + more)
        }
        guard let (column, name, key) = comparison(condition, scanned, object), name == "=" else {
            return nil
        }
        return (column, [key])
    }

    private static let turned = ["=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="]

    /// column op constant, either way around, as the column's order compares.
    private static func comparison(_ condition: Expr, _ scanned: [Int], _ object: CatalogObject)
        -> (column: Int, name: String, key: [UInt8])?
    {
        guard case .call(let function, let arguments, _) = condition, arguments.count == 2,
            let other = turned[function.name]
        else { return nil }
        if let column = column(arguments[0], scanned, object),
            let key = key(arguments[1], object.columns[column].type)
        {
            return (column, function.name, key)
        }
        if let column = column(arguments[1], scanned, object),
            let key = key(arguments[0], object.columns[column].type)
        {
            return (column, other, key)
        }
        return nil
    }

    private static func column(_ expression: Expr, _ scanned: [Int], _ object: CatalogObject)
        -> Int?
    {
        switch expression {
        case .column(let index, _):
            return isOrdered(object.columns[scanned[index]].type)
                ? scanned[index] : nil
        case .call(let function, let arguments, let type):
            // varchar compares as text, with the same bytes.
            guard function.name == "cast", type.kind == .text, arguments.count == 1,
                case .column(let index, let from) = arguments[0], from.kind == .varchar
            else { return nil }
            return scanned[index]
        default: return nil
        }
    }

    /// Types whose order is that of their keys.
    private static func isOrdered(_ type: DataType) -> Bool {
        switch type.kind {
        case .boolean, .int2, .int4, .int8, .oid, .float4, .float8, .numeric, .text, .varchar,
            .bytea, .date, .time, .timestamp, .timestamptz, .uuid, .interval:
            true
        default: false
        }
    }

    private static func key(_ expression: Expr, _ type: DataType) -> [UInt8]? {
        guard case .constant(let value, let valueType) = expression, !value.isNull,
            valueType.physical == type.physical, isOrdered(valueType)
        else { return nil }
        let builder = ColumnBuilder(type.physical, capacity: 1)
        builder.append(value)
        let column = builder.column()
        let view = column.view
        var key: [UInt8] = []
        withExtendedLifetime(column) { OrderKey.append(view, 0, to: &key) }
        return key
    }
}
