package import Types

/// = <> < <= > >= on every type, and the null-safe forms.
package enum ComparisonFunctions {
    static let all: [ScalarFunction] = types.flatMap(comparisons) + mixed

    private static let types: [DataType] = [
        .int2, .int4, .int8, .float8, .numeric, .text, .boolean, .timestamp, .interval, .oid, .name,
        .char, .float4, .date, .time, .timestamptz, .uuid, .bytea, .jsonb, .bpchar,
    ]

    /// The comparisons of an array type: arrays have their order in their bytes.
    package static func ofArrays(_ symbol: String, _ type: DataType) -> ScalarFunction? {
        if symbol == "is not distinct from" { return nullSafe(type) }
        return symbols.contains(symbol) ? comparison(symbol, type, type) : nil
    }

    private static let symbols = ["=", "<>", "<", "<=", ">", ">="]

    private static func comparisons(_ type: DataType) -> [ScalarFunction] {
        symbols.map { comparison($0, type, type) } + [nullSafe(type)]
    }

    /// Numbers of different widths compare without a cast: they are the same in memory.
    private static var mixed: [ScalarFunction] {
        var list: [ScalarFunction] = []
        for family in [[DataType.int2, .int4, .int8], [.float4, .float8]] {
            for left in family {
                for right in family where left != right {
                    list += symbols.map { comparison($0, left, right) }
                }
            }
        }
        return list
    }

    private static func comparison(_ symbol: String, _ left: DataType, _ right: DataType)
        -> ScalarFunction
    {
        ScalarFunction(symbol, [left, right], .boolean) { e, c in
            let result = Storage<UInt8>(uninitialized: e.count)
            fill(symbol, e.count, c[0], c[1], result.cells)
            return Column(.bool(result), validity: e.validity(c))
        }
    }

    private static func fill(
        _ symbol: String, _ count: Int, _ left: Column, _ right: Column, _ to: Cells<UInt8>
    ) {
        switch (left.data, right.data) {
        case (.int64(let a), .int64(let b)): compare(symbol, count, a.cells, b.cells, to)
        case (.bool(let a), .bool(let b)): compare(symbol, count, a.cells, b.cells, to)
        default:
            let (a, b) = (left.view, right.view)
            withExtendedLifetime((left, right)) {
                switch symbol {
                case "=": for row in 0..<count { to[row] = a.compare(row, b, row) == 0 ? 1 : 0 }
                case "<>": for row in 0..<count { to[row] = a.compare(row, b, row) != 0 ? 1 : 0 }
                case "<": for row in 0..<count { to[row] = a.compare(row, b, row) < 0 ? 1 : 0 }
                case "<=": for row in 0..<count { to[row] = a.compare(row, b, row) <= 0 ? 1 : 0 }
                case ">": for row in 0..<count { to[row] = a.compare(row, b, row) > 0 ? 1 : 0 }
                default: for row in 0..<count { to[row] = a.compare(row, b, row) >= 0 ? 1 : 0 }
                }
            }
        }
    }

    private static func compare<Element: Comparable & BitwiseCopyable>(
        _ symbol: String, _ count: Int, _ a: Cells<Element>, _ b: Cells<Element>, _ to: Cells<UInt8>
    ) {
        switch symbol {
        case "=": for row in 0..<count { to[row] = a[row] == b[row] ? 1 : 0 }
        case "<>": for row in 0..<count { to[row] = a[row] != b[row] ? 1 : 0 }
        case "<": for row in 0..<count { to[row] = a[row] < b[row] ? 1 : 0 }
        case "<=": for row in 0..<count { to[row] = a[row] <= b[row] ? 1 : 0 }
        case ">": for row in 0..<count { to[row] = a[row] > b[row] ? 1 : 0 }
        default: for row in 0..<count { to[row] = a[row] >= b[row] ? 1 : 0 }
        }
    }

    /// IS NOT DISTINCT FROM, under the name that the binder uses for it.
    private static func nullSafe(_ type: DataType) -> ScalarFunction {
        ScalarFunction("is not distinct from", [type, type], .boolean, strict: false) { e, c in
            let (a, b) = (c[0].view, c[1].view)
            let result = Storage<UInt8>(uninitialized: e.count)
            let to = result.cells
            withExtendedLifetime(c) {
                for row in 0..<e.count { to[row] = a.equals(row, b, row, image: false) ? 1 : 0 }
            }
            return Column(.bool(result))
        }
    }
}
