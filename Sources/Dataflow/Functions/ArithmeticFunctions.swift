import Types

/// + - * / % and unary minus on numbers.
enum ArithmeticFunctions {
    static let all: [ScalarFunction] = integers + floats + numerics

    private static let integerTypes: [DataType] = [.int2, .int4, .int8]

    private static func outOfRange(_ type: DataType) -> SQLError {
        SQLError(.numericValueOutOfRange, "\(type.name) out of range")
    }

    static let divisionByZero = SQLError(.divisionByZero, "division by zero")

    /// The wider of two integer types.
    private static func wider(_ a: DataType, _ b: DataType) -> DataType {
        a.wireLength >= b.wireLength ? a : b
    }

    // MARK: - Integers

    private static var integers: [ScalarFunction] {
        var list: [ScalarFunction] = []
        for left in integerTypes {
            for right in integerTypes {
                let type = wider(left, right)
                let pair = [left, right]
                list.append(
                    ScalarFunction("+", pair, type, canFail: true) { e, c in add(e, c, type) })
                list.append(
                    ScalarFunction("-", pair, type, canFail: true) { e, c in subtract(e, c, type) })
                list.append(
                    ScalarFunction("*", pair, type, canFail: true) { e, c in multiply(e, c, type) })
                list.append(
                    ScalarFunction("/", pair, type, canFail: true) { e, c in divide(e, c, type) })
                list.append(
                    ScalarFunction("%", pair, type, canFail: true) { e, c in remainder(e, c) })
                if left == right {
                    list.append(
                        ScalarFunction("mod", pair, type, canFail: true) { e, c in remainder(e, c) }
                    )
                    for (symbol, operation) in bitwise {
                        list.append(
                            ScalarFunction(symbol, pair, type) { e, c in
                                let (a, b) = (c[0].int64s, c[1].int64s)
                                return RowKernels.ints(e, c) { operation(a.cells[$0], b.cells[$0]) }
                            })
                    }
                }
            }
            list.append(
                ScalarFunction("-", [left], left, canFail: true) { e, c in
                    let cells = c[0].int64s.cells
                    let range = TextEncoding.range(left.kind)
                    return RowKernels.ints(e, c) { (row) throws(SQLError) in
                        let value = 0 &- cells[row]
                        if !range.contains(value) || cells[row] == Int64.min {
                            throw outOfRange(left)
                        }
                        return value
                    }
                })
            for (symbol, isLeft) in [("<<", true), (">>", false)] {
                list.append(
                    ScalarFunction(symbol, [left, .int4], left) { e, c in shift(e, c, left, isLeft)
                    })
            }
            list.append(ScalarFunction("+", [left], left) { _, c in c[0] })
            list.append(
                ScalarFunction("~", [left], left) { e, c in
                    let cells = c[0].int64s.cells
                    return RowKernels.ints(e, c) { ~cells[$0] }
                })
        }
        return list
    }

    /// Shifts by the count modulo the type's width, as the processor does it for PostgreSQL.
    private static func shift(_ e: Evaluation, _ c: [Column], _ type: DataType, _ isLeft: Bool)
        -> Column
    {
        let (values, counts) = (c[0].int64s, c[1].int64s)
        let width = type.kind == .int8 ? Int64(64) : 32
        return RowKernels.ints(e, c) { row in
            let (value, count) = (values.cells[row], counts.cells[row] & (width - 1))
            let shifted = isLeft ? value << count : value >> count
            switch type.kind {
            case .int2: return Int64(Int16(truncatingIfNeeded: shifted))
            case .int4: return Int64(Int32(truncatingIfNeeded: shifted))
            default: return shifted
            }
        }
    }

    private static let bitwise: [(String, @Sendable (Int64, Int64) -> Int64)] = [
        ("&", { $0 & $1 }), ("|", { $0 | $1 }), ("#", { $0 ^ $1 }),
    ]

    /// Wrapping loop with one look at the signs at the end; the slow loop finds the rows.
    private static func add(_ e: Evaluation, _ c: [Column], _ type: DataType) -> Column {
        let (left, right) = (c[0].int64s, c[1].int64s)
        let result = Storage<Int64>(uninitialized: e.count)
        let (a, b, to) = (left.cells, right.cells, result.cells)
        let validity = e.validity(c)
        var overflow: Int64 = 0
        let range = TextEncoding.range(type.kind)
        let narrow = type.kind != .int8
        for row in 0..<e.count {
            let (x, y) = (a[row], b[row])
            let r = x &+ y
            to[row] = r
            overflow |= (x ^ r) & (y ^ r)
        }
        if overflow < 0 || narrow {
            for row in 0..<e.count {
                let failed =
                    a[row].addingReportingOverflow(b[row]).overflow || !range.contains(to[row])
                if failed, validity.map({ $0.cells[row] != 0 }) ?? true {
                    e.fail(row, outOfRange(type))
                }
            }
        }
        return Column(.int64(result), validity: validity)
    }

    private static func subtract(_ e: Evaluation, _ c: [Column], _ type: DataType) -> Column {
        let (left, right) = (c[0].int64s, c[1].int64s)
        let (a, b) = (left.cells, right.cells)
        let range = TextEncoding.range(type.kind)
        return RowKernels.ints(e, c) { (row) throws(SQLError) in
            let (value, overflow) = a[row].subtractingReportingOverflow(b[row])
            if overflow || !range.contains(value) { throw outOfRange(type) }
            return value
        }
    }

    private static func multiply(_ e: Evaluation, _ c: [Column], _ type: DataType) -> Column {
        let (left, right) = (c[0].int64s, c[1].int64s)
        let (a, b) = (left.cells, right.cells)
        let range = TextEncoding.range(type.kind)
        return RowKernels.ints(e, c) { (row) throws(SQLError) in
            let (value, overflow) = a[row].multipliedReportingOverflow(by: b[row])
            if overflow || !range.contains(value) { throw outOfRange(type) }
            return value
        }
    }

    private static func divide(_ e: Evaluation, _ c: [Column], _ type: DataType) -> Column {
        let (left, right) = (c[0].int64s, c[1].int64s)
        let (a, b) = (left.cells, right.cells)
        let range = TextEncoding.range(type.kind)
        return RowKernels.ints(e, c) { (row) throws(SQLError) in
            if b[row] == 0 { throw divisionByZero }
            let (value, overflow) = a[row].dividedReportingOverflow(by: b[row])
            if overflow || !range.contains(value) { throw outOfRange(type) }
            return value
        }
    }

    private static func remainder(_ e: Evaluation, _ c: [Column]) -> Column {
        let (left, right) = (c[0].int64s, c[1].int64s)
        let (a, b) = (left.cells, right.cells)
        return RowKernels.ints(e, c) { (row) throws(SQLError) in
            if b[row] == 0 { throw divisionByZero }
            return b[row] == -1 ? 0 : a[row] % b[row]
        }
    }

    // MARK: - Floats

    /// Of double precision, of real (each result rounded to one), and of both, which is double precision.
    private static var floats: [ScalarFunction] {
        let pairs: [(left: DataType, right: DataType)] = [
            (.float8, .float8), (.float4, .float4), (.float4, .float8), (.float8, .float4),
        ]
        return pairs.flatMap { floats($0.left, $0.right) }
            + [DataType.float8, .float4].flatMap { type in
                [
                    ScalarFunction("-", [type], type) { e, c in
                        let cells = c[0].doubles.cells
                        return RowKernels.doubles(e, c) { -cells[$0] }
                    },
                    ScalarFunction("+", [type], type) { _, c in c[0] },
                ]
            }
    }

    private static func floats(_ left: DataType, _ right: DataType) -> [ScalarFunction] {
        let isSingle = left.kind == .float4 && right.kind == .float4
        func binary(
            _ symbol: String, _ f: @escaping @Sendable (Double, Double) throws(SQLError) -> Double
        ) -> ScalarFunction {
            let result: DataType = isSingle ? .float4 : .float8
            return ScalarFunction(symbol, [left, right], result, canFail: true) { e, c in
                let (left, right) = (c[0].doubles, c[1].doubles)
                let (a, b) = (left.cells, right.cells)
                return RowKernels.doubles(e, c) { (row) throws(SQLError) in
                    let value = try f(a[row], b[row])
                    return isSingle ? try single(value) : value
                }
            }
        }
        return [
            binary("+") { (a, b) throws(SQLError) in try checked(a + b, a, b) },
            binary("-") { (a, b) throws(SQLError) in try checked(a - b, a, b) },
            binary("*") { (a, b) throws(SQLError) in
                let result = try checked(a * b, a, b)
                if result == 0, a != 0, b != 0 { throw underflow }
                return result
            },
            binary("/") { (a, b) throws(SQLError) in
                if b == 0, !a.isNaN { throw divisionByZero }
                let result = try checked(a / b, a, b)
                if result == 0, a != 0, b.isFinite { throw underflow }
                return result
            },
        ]
    }

    /// The nearest real. - Throws: 22003.
    static func single(_ value: Double) throws(SQLError) -> Double {
        let rounded = Double(Float(value))
        if rounded.isInfinite, !value.isInfinite { throw overflow }
        if rounded == 0, value != 0 { throw underflow }
        return rounded
    }

    static let overflow = SQLError(.numericValueOutOfRange, "value out of range: overflow")
    static let underflow = SQLError(.numericValueOutOfRange, "value out of range: underflow")

    private static func checked(_ result: Double, _ a: Double, _ b: Double) throws(SQLError)
        -> Double
    {
        if result.isInfinite, !a.isInfinite, !b.isInfinite { throw overflow }
        return result
    }

    // MARK: - Numerics

    private static var numerics: [ScalarFunction] {
        func binary(
            _ symbol: String,
            _ f: @escaping @Sendable (Numeric, Numeric) throws(SQLError) -> Numeric
        ) -> ScalarFunction {
            ScalarFunction(symbol, [.numeric, .numeric], .numeric, canFail: true) { e, c in
                let (left, right) = (c[0].numerics, c[1].numerics)
                let (a, b) = (left.cells, right.cells)
                return RowKernels.numerics(e, c) { (row) throws(SQLError) in try f(a[row], b[row]) }
            }
        }
        return [
            binary("+", Numeric.add), binary("-", Numeric.subtract), binary("*", Numeric.multiply),
            binary("/", Numeric.divide), binary("%", Numeric.remainder),
            binary("mod", Numeric.remainder),
            ScalarFunction("-", [.numeric], .numeric) { e, c in
                let cells = c[0].numerics.cells
                return RowKernels.numerics(e, c) { cells[$0].negated }
            },
            ScalarFunction("+", [.numeric], .numeric) { _, c in c[0] },
        ]
    }
}
