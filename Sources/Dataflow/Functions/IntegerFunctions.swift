import Types

/// Number theory, and what else numbers have in PostgreSQL beside arithmetic.
enum IntegerFunctions {
    static let all: [ScalarFunction] = divisors + scales + buckets + spans

    private static func ints(
        _ name: String, _ type: DataType,
        _ f: @escaping @Sendable (Int64, Int64) throws(SQLError) -> Int64
    ) -> ScalarFunction {
        ScalarFunction(name, [type, type], type, canFail: true) { e, c in
            let (a, b) = (c[0].int64s, c[1].int64s)
            return RowKernels.ints(e, c) { (row) throws(SQLError) in
                let value = try f(a.cells[row], b.cells[row])
                guard TextEncoding.range(type.kind).contains(value) else { throw outOfRange(type) }
                return value
            }
        }
    }

    private static func outOfRange(_ type: DataType) -> SQLError {
        SQLError(.numericValueOutOfRange, "\(type.name) out of range")
    }

    private static func gcd(_ a: Int64, _ b: Int64) throws(SQLError) -> Int64 {
        var (x, y) = (a.magnitude, b.magnitude)
        while y != 0 { (x, y) = (y, x % y) }
        guard let value = Int64(exactly: x) else { throw outOfRange(.int8) }
        return value
    }

    private static var divisors: [ScalarFunction] {
        var list: [ScalarFunction] = []
        for type in [DataType.int4, .int8] {
            list.append(ints("gcd", type, gcd))
            list.append(
                ints("lcm", type) { (a, b) throws(SQLError) in
                    if a == 0 || b == 0 { return 0 }
                    let (value, overflow) = (a / (try gcd(a, b))).multipliedReportingOverflow(by: b)
                    if overflow || value == Int64.min { throw outOfRange(type) }
                    return abs(value)
                })
        }
        list.append(
            ScalarFunction("factorial", [.int8], .numeric, canFail: true) { e, c in
                let cells = c[0].int64s
                return RowKernels.numerics(e, c) { (row) throws(SQLError) in
                    let n = cells.cells[row]
                    guard n >= 0 else {
                        throw SQLError(
                            .numericValueOutOfRange, "factorial of a negative number is undefined")
                    }
                    // PostgreSQL's limit, above which the result is too long.
                    guard n <= 32177 else { throw Numeric.overflowed }
                    var result = Natural(1)
                    for factor in stride(from: Int64(2), through: n, by: 1) {
                        result = result * Natural(UInt128(factor))
                    }
                    return try Numeric(isNegative: false, result, scale: 0)
                }
            })
        list.append(
            ScalarFunction("div", [.numeric, .numeric], .numeric, canFail: true) { e, c in
                let (a, b) = (c[0].numerics, c[1].numerics)
                return RowKernels.numerics(e, c) { (row) throws(SQLError) in
                    let (x, y) = (a.cells[row], b.cells[row])
                    if y.isFinite, y.coefficient == 0, x.form != .nan {
                        throw ArithmeticFunctions.divisionByZero
                    }
                    guard x.isFinite, y.isFinite else { return try Numeric.divide(x, y) }
                    let rest = try Numeric.remainder(x, y)
                    let whole = try Numeric.add(x, rest.negated)
                    return try Numeric.divide(whole, y, scale: 0)
                }
            })
        return list
    }

    private static var scales: [ScalarFunction] {
        [
            ScalarFunction("scale", [.numeric], .int4) { e, c in
                let builder = ColumnBuilder(.int64, capacity: e.count)
                for row in 0..<e.count {
                    let isNull = c[0].isNull(row) || !c[0].numerics.cells[row].isFinite
                    if isNull {
                        builder.appendNull()
                    } else {
                        builder.append(Int64(c[0].numerics.cells[row].scale))
                    }
                }
                return builder.column()
            },
            ScalarFunction("min_scale", [.numeric], .int4) { e, c in
                let builder = ColumnBuilder(.int64, capacity: e.count)
                for row in 0..<e.count {
                    let isNull = c[0].isNull(row) || !c[0].numerics.cells[row].isFinite
                    if isNull {
                        builder.appendNull()
                    } else {
                        builder.append(Int64(c[0].numerics.cells[row].canonical.scale))
                    }
                }
                return builder.column()
            },
            ScalarFunction("trim_scale", [.numeric], .numeric) { e, c in
                let cells = c[0].numerics
                return RowKernels.numerics(e, c) { row in
                    cells.cells[row].canonical
                }
            },
        ]
    }

    /// The number behind the last bucket may be beyond an integer.
    private static func numbered(_ bucket: Int64) throws(SQLError) -> Int64 {
        guard bucket <= Int64(Int32.max) else {
            throw SQLError(.numericValueOutOfRange, "integer out of range")
        }
        return bucket
    }

    /// Of a value between two bounds.
    private static func bucket(_ v: [Numeric], _ count: Int64) throws(SQLError) -> Int64 {
        guard v[0].isFinite, v[1].isFinite, v[2].isFinite else {
            return try bucket(v[0].double, v[1].double, v[2].double, count)
        }
        guard count > 0 else { return try bucket(0, 0, 1, count) }
        let order = Numeric.compare(v[1], v[2])
        if order == 0 { return try bucket(0, 0, 0, count) }
        let (low, high) = order < 0 ? (v[1], v[2]) : (v[2], v[1])
        if Numeric.compare(v[0], low) < 0 { return order < 0 ? 0 : count + 1 }
        if Numeric.compare(v[0], high) >= 0, order < 0 { return count + 1 }
        if Numeric.compare(v[0], high) > 0, order > 0 { return 0 }
        let distance =
            order < 0
            ? try Numeric.add(v[0], v[1].negated) : try Numeric.add(v[1], v[0].negated)
        let width = try Numeric.add(high, low.negated)
        let part = try Numeric.multiply(distance, Numeric(count))
        let rest = try Numeric.remainder(part, width)
        let whole = try Numeric.divide(
            try Numeric.add(part, rest.negated), width, scale: 0)
        return (whole.roundedInt64 ?? 0) + 1
    }

    private static var buckets: [ScalarFunction] {
        [
            ScalarFunction(
                "width_bucket", [.float8, .float8, .float8, .int4], .int4, canFail: true
            ) { e, c in
                RowKernels.ints(e, c) { (row) throws(SQLError) in
                    let v = (0..<3).map { c[$0].doubles.cells[row] }
                    return try numbered(try bucket(v[0], v[1], v[2], c[3].int64s.cells[row]))
                }
            },
            ScalarFunction(
                "width_bucket", [.numeric, .numeric, .numeric, .int4], .int4, canFail: true
            ) { e, c in
                RowKernels.ints(e, c) { (row) throws(SQLError) in
                    let v = (0..<3).map { c[$0].numerics.cells[row] }
                    return try numbered(try bucket(v, c[3].int64s.cells[row]))
                }
            },
        ]
    }

    private static func bucket(_ x: Double, _ low: Double, _ high: Double, _ count: Int64)
        throws(SQLError) -> Int64
    {
        let state = SQLState.external("2201G")
        guard count > 0 else { throw SQLError(state, "count must be greater than zero") }
        guard !x.isNaN, !low.isNaN, !high.isNaN else {
            throw SQLError(state, "operand, lower bound, and upper bound cannot be NaN")
        }
        guard low.isFinite, high.isFinite else {
            throw SQLError(state, "lower and upper bounds must be finite")
        }
        guard low != high else { throw SQLError(state, "lower bound cannot equal upper bound") }
        if low < high {
            if x < low { return 0 }
            if x >= high { return count + 1 }
            return min(Int64((x - low) / (high - low) * Double(count)), count - 1) + 1
        }
        if x > low { return 0 }
        if x <= high { return count + 1 }
        return min(Int64((low - x) / (low - high) * Double(count)), count - 1) + 1
    }

    private static var spans: [ScalarFunction] {
        [
            ScalarFunction("/", [.interval, .float8], .interval, canFail: true) { e, c in
                RowKernels.intervals(e, c) { (row) throws(SQLError) in
                    try Interval.divide(c[0].intervals.cells[row], c[1].doubles.cells[row])
                }
            }
        ]
    }
}
