import Glibc
import Types

/// Mathematical functions; the only file of this module that calls libm.
enum MathFunctions {
    static let all: [ScalarFunction] = integers + floats + numerics + series

    private static var integers: [ScalarFunction] {
        var list: [ScalarFunction] = []
        for (type, name) in [DataType.int2, .int4, .int8].flatMap({ [($0, "abs"), ($0, "@")] }) {
            list.append(
                ScalarFunction(name, [type], type, canFail: true) { e, c in
                    let cells = c[0].int64s.cells
                    let range = TextEncoding.range(type.kind)
                    return RowKernels.ints(e, c) { (row) throws(SQLError) in
                        let value = cells[row]
                        guard value != Int64.min, range.contains(abs(value)) else {
                            throw SQLError(.numericValueOutOfRange, "\(type.name) out of range")
                        }
                        return abs(value)
                    }
                })
        }
        return list
    }

    private static func unary(
        _ name: String, _ f: @escaping @Sendable (Double) throws(SQLError) -> Double
    ) -> ScalarFunction {
        ScalarFunction(name, [.float8], .float8, canFail: true) { e, c in
            let cells = c[0].doubles.cells
            return RowKernels.doubles(e, c) { (row) throws(SQLError) in try f(cells[row]) }
        }
    }

    private static func absoluteReal(_ name: String) -> ScalarFunction {
        ScalarFunction(name, [.float4], .float4) { e, c in
            let cells = c[0].doubles.cells
            return RowKernels.doubles(e, c) { cells[$0].magnitude }
        }
    }

    private static var floats: [ScalarFunction] {
        [
            unary("abs") { $0.magnitude }, unary("@") { $0.magnitude },
            absoluteReal("abs"), absoluteReal("@"),
            unary("||/") { cbrt($0) }, unary("|/") { (x) throws(SQLError) in try root(x) },
            unary("ceil") { $0.rounded(.up) }, unary("ceiling") { $0.rounded(.up) },
            unary("floor") { $0.rounded(.down) }, unary("trunc") { $0.rounded(.towardZero) },
            unary("round") { $0.rounded(.toNearestOrEven) },
            // NaN is neither above nor below zero, which PostgreSQL calls 0.
            unary("sign") { $0 > 0 ? 1 : ($0 < 0 ? -1 : 0) },
            unary("sqrt") { (x) throws(SQLError) in try root(x) },
            unary("cbrt") { cbrt($0) },
            unary("exp") { (x) throws(SQLError) in
                let value = exp(x)
                if value.isInfinite, x.isFinite { throw ArithmeticFunctions.overflow }
                if value == 0, x.isFinite { throw ArithmeticFunctions.underflow }
                return value
            },
            unary("ln") { (x) throws(SQLError) in try logarithm(x, Glibc.log) },
            unary("log") { (x) throws(SQLError) in try logarithm(x, Glibc.log10) },
            unary("log10") { (x) throws(SQLError) in try logarithm(x, Glibc.log10) },
            power("power"), power("pow"), power("^"),
            ScalarFunction("pi", [], .float8) { e, _ in
                .constant(.double(.pi), .double, count: e.count)
            },
        ]
    }

    private static func root(_ x: Double) throws(SQLError) -> Double {
        if x < 0 {
            throw SQLError(.invalidArgumentForPower, "cannot take square root of a negative number")
        }
        return x.squareRoot()
    }

    private static func logarithm(_ x: Double, _ f: (Double) -> Double) throws(SQLError) -> Double {
        if x == 0 { throw SQLError(.invalidArgumentForLogarithm, "cannot take logarithm of zero") }
        if x < 0 {
            throw SQLError(
                .invalidArgumentForLogarithm, "cannot take logarithm of a negative number")
        }
        return f(x)
    }

    private static func power(_ name: String) -> ScalarFunction {
        ScalarFunction(name, [.float8, .float8], .float8, canFail: true) { e, c in
            let (left, right) = (c[0].doubles, c[1].doubles)
            return RowKernels.doubles(e, c) { (row) throws(SQLError) in
                let (x, y) = (left.cells[row], right.cells[row])
                if x == 0, y < 0 {
                    throw SQLError(
                        .invalidArgumentForPower, "zero raised to a negative power is undefined")
                }
                if x < 0, y.isFinite, y != y.rounded() {
                    throw SQLError(
                        .invalidArgumentForPower,
                        "a negative number raised to a non-integer power yields a complex result")
                }
                let value = pow(x, y)
                if value.isInfinite, x.isFinite, y.isFinite { throw ArithmeticFunctions.overflow }
                if value == 0, x != 0, x.isFinite, y.isFinite {
                    throw ArithmeticFunctions.underflow
                }
                return value
            }
        }
    }

    private static func numericUnary(
        _ name: String, _ f: @escaping @Sendable (Numeric) throws(SQLError) -> Numeric
    ) -> ScalarFunction {
        ScalarFunction(name, [.numeric], .numeric, canFail: true) { e, c in
            let cells = c[0].numerics.cells
            return RowKernels.numerics(e, c) { (row) throws(SQLError) in try f(cells[row]) }
        }
    }

    private static var numerics: [ScalarFunction] {
        [
            numericUnary("abs") { $0.signum < 0 ? $0.negated : $0 },
            numericUnary("@") { $0.signum < 0 ? $0.negated : $0 },
            numericUnary("sign") { $0.form == .nan ? .nan : Numeric(Int64($0.signum)) },
            numericUnary("ceil") { (x) throws(SQLError) in try integral(x, up: true) },
            numericUnary("ceiling") { (x) throws(SQLError) in try integral(x, up: true) },
            numericUnary("floor") { (x) throws(SQLError) in try integral(x, up: false) },
            numericUnary("round") { (x) throws(SQLError) in try x.rounded(to: 0) },
            numericUnary("trunc") { (x) throws(SQLError) in try x.rounded(to: 0, truncating: true)
            },
            scaled("round", truncating: false), scaled("trunc", truncating: true),
        ]
    }

    private static func integral(_ x: Numeric, up: Bool) throws(SQLError) -> Numeric {
        guard x.isFinite else { return x }
        let whole = try x.rounded(to: 0, truncating: true)
        if Numeric.compare(whole, x) == 0 { return whole }
        if up, x.signum > 0 { return try Numeric.add(whole, Numeric(1 as Int64)) }
        if !up, x.signum < 0 { return try Numeric.subtract(whole, Numeric(1 as Int64)) }
        return whole
    }

    private static func scaled(_ name: String, truncating: Bool) -> ScalarFunction {
        ScalarFunction(name, [.numeric, .int4], .numeric, canFail: true) { e, c in
            let (values, digits) = (c[0].numerics, c[1].int64s)
            return RowKernels.numerics(e, c) { (row) throws(SQLError) in
                // A digit more before the point than numbers have: the first may round up.
                let scale = Int(max(-131_073, min(Int64(Numeric.maximalScale), digits.cells[row])))
                return try values.cells[row].rounded(to: scale, truncating: truncating)
            }
        }
    }

    private static var series: [ScalarFunction] {
        [
            ScalarFunction("random", [], .float8, volatile: true) { e, _ in
                RowKernels.doubles(e, []) { _ in Double.random(in: 0..<1) }
            },
            ScalarFunction("gen_random_uuid", [], .uuid, volatile: true) { e, _ in
                RowKernels.texts(e, []) { _ in
                    var bytes = (0..<16).map { _ in UInt8.random(in: 0...255) }
                    // Version 4, variant 1.
                    bytes[6] = bytes[6] & 15 | 64
                    bytes[8] = bytes[8] & 63 | 128
                    return bytes
                }
            },
        ]
    }
}

/// The C library's functions, for the families beside this one: one file imports it.
enum Libm {
    static func sin(_ x: Double) -> Double { Glibc.sin(x) }
    static func log10(_ x: Double) -> Double { Glibc.log10(x) }
    static func cos(_ x: Double) -> Double { Glibc.cos(x) }
    static func tan(_ x: Double) -> Double { Glibc.tan(x) }
    static func atan2(_ y: Double, _ x: Double) -> Double { Glibc.atan2(y, x) }
    static func asin(_ x: Double) -> Double { Glibc.asin(x) }
    static func acos(_ x: Double) -> Double { Glibc.acos(x) }
    static func atan(_ x: Double) -> Double { Glibc.atan(x) }
    static func sinh(_ x: Double) -> Double { Glibc.sinh(x) }
    static func cosh(_ x: Double) -> Double { Glibc.cosh(x) }
    static func tanh(_ x: Double) -> Double { Glibc.tanh(x) }
    static func asinh(_ x: Double) -> Double { Glibc.asinh(x) }
    static func acosh(_ x: Double) -> Double { Glibc.acosh(x) }
    static func atanh(_ x: Double) -> Double { Glibc.atanh(x) }
}
