import Types

/// Trigonometry, of radians and of degrees, by PostgreSQL's float.c: exact where degrees are.
enum AngleFunctions {
    static let all: [ScalarFunction] = radians + degrees + between + hyperbolic

    private static func float(
        _ name: String, _ f: @escaping @Sendable (Double) throws(SQLError) -> Double
    ) -> ScalarFunction {
        ScalarFunction(name, [.float8], .float8, canFail: true) { e, c in
            let cells = c[0].doubles
            return RowKernels.doubles(e, c) { (row) throws(SQLError) in try f(cells.cells[row]) }
        }
    }

    private static func finite(
        _ name: String, _ f: @escaping @Sendable (Double) -> Double
    ) -> ScalarFunction {
        float(name) { (x) throws(SQLError) in
            if x.isInfinite { throw notInDomain }
            return f(x)
        }
    }

    /// Of -1 to 1.
    private static func inverse(
        _ name: String, _ f: @escaping @Sendable (Double) -> Double
    ) -> ScalarFunction {
        float(name) { (x) throws(SQLError) in
            if x < -1 || x > 1 { throw notInDomain }
            return f(x)
        }
    }

    static let notInDomain = SQLError(.numericValueOutOfRange, "input is out of range")

    private static var hyperbolic: [ScalarFunction] {
        [
            float("sinh") { Libm.sinh($0) },
            float("cosh") { Libm.cosh($0) },
            float("tanh") { Libm.tanh($0) },
            float("asinh") { Libm.asinh($0) },
            float("acosh") { (x) throws(SQLError) in
                if x < 1 { throw notInDomain }
                return Libm.acosh(x)
            },
            float("atanh") { (x) throws(SQLError) in
                if x < -1 || x > 1 { throw notInDomain }
                return Libm.atanh(x)
            },
        ]
    }

    private static var radians: [ScalarFunction] {
        [
            finite("sin") { Libm.sin($0) }, finite("cos") { Libm.cos($0) },
            finite("tan") { Libm.tan($0) }, finite("cot") { 1 / Libm.tan($0) },
            inverse("asin") { Libm.asin($0) }, inverse("acos") { Libm.acos($0) },
            float("atan") { Libm.atan($0) },
            ScalarFunction("atan2", [.float8, .float8], .float8) { e, c in
                let (left, right) = (c[0].doubles, c[1].doubles)
                return RowKernels.doubles(e, c) { Libm.atan2(left.cells[$0], right.cells[$0]) }
            },
        ]
    }

    private static let perDegree = 0.0174532925199432957692

    private static var between: [ScalarFunction] {
        [
            float("radians") { (x) throws(SQLError) in try checked(x * perDegree, x) },
            float("degrees") { (x) throws(SQLError) in try checked(x / perDegree, x) },
        ]
    }

    private static func checked(_ result: Double, _ x: Double) throws(SQLError) -> Double {
        if result.isInfinite, x.isFinite { throw ArithmeticFunctions.overflow }
        if result == 0, x != 0 { throw ArithmeticFunctions.underflow }
        return result
    }

    // MARK: - Degrees

    private static let sine30 = Libm.sin(30 * perDegree)
    private static let oneMinusCosine60 = 1 - Libm.cos(60 * perDegree)
    private static let arcSineHalf = Libm.asin(0.5)
    private static let arcCosineHalf = Libm.acos(0.5)
    private static let arcTangentOne = Libm.atan(1)
    private static let tangent45 = firstSine(45) / firstCosine(45)
    private static let cotangent45 = firstCosine(45) / firstSine(45)

    private static func sineTo30(_ x: Double) -> Double { Libm.sin(x * perDegree) / sine30 / 2 }

    private static func cosineTo60(_ x: Double) -> Double {
        1 - (1 - Libm.cos(x * perDegree)) / oneMinusCosine60 / 2
    }

    /// Of the first quadrant.
    private static func firstSine(_ x: Double) -> Double {
        x <= 30 ? sineTo30(x) : cosineTo60(90 - x)
    }

    private static func firstCosine(_ x: Double) -> Double {
        x <= 60 ? cosineTo60(x) : sineTo30(90 - x)
    }

    private static func firstArcSine(_ x: Double) -> Double {
        x <= 0.5 ? Libm.asin(x) / arcSineHalf * 30 : 90 - Libm.acos(x) / arcCosineHalf * 60
    }

    private static func firstArcCosine(_ x: Double) -> Double {
        x <= 0.5 ? 90 - Libm.asin(x) / arcSineHalf * 30 : Libm.acos(x) / arcCosineHalf * 60
    }

    /// An angle of the first quadrant, and the signs that sine, cosine and their quotients have for it.
    private static func folded(_ degrees: Double) -> (
        angle: Double, sine: Double, cosine: Double, quotient: Double
    ) {
        var x = degrees.truncatingRemainder(dividingBy: 360)
        var (sine, cosine, quotient) = (1.0, 1.0, 1.0)
        if x < 0 { (x, sine, quotient) = (-x, -sine, -quotient) }
        if x > 180 { (x, sine, quotient) = (360 - x, -sine, -quotient) }
        if x > 90 { (x, cosine, quotient) = (180 - x, -cosine, -quotient) }
        return (x, sine, cosine, quotient)
    }

    private static var degrees: [ScalarFunction] {
        [
            finite("sind") {
                let x = folded($0)
                return x.sine * firstSine(x.angle)
            },
            finite("cosd") {
                let x = folded($0)
                return x.cosine * firstCosine(x.angle)
            },
            finite("tand") {
                let x = folded($0)
                // Zero has no sign.
                return x.quotient * (firstSine(x.angle) / firstCosine(x.angle) / tangent45) + 0
            },
            finite("cotd") {
                let x = folded($0)
                return x.quotient * (firstCosine(x.angle) / firstSine(x.angle) / cotangent45) + 0
            },
            inverse("asind") { $0 >= 0 ? firstArcSine($0) : -firstArcSine(-$0) },
            inverse("acosd") { $0 >= 0 ? firstArcCosine($0) : 90 + firstArcSine(-$0) },
            float("atand") { Libm.atan($0) / arcTangentOne * 45 },
            ScalarFunction("atan2d", [.float8, .float8], .float8) { e, c in
                let (left, right) = (c[0].doubles, c[1].doubles)
                return RowKernels.doubles(e, c) {
                    Libm.atan2(left.cells[$0], right.cells[$0]) / arcTangentOne * 45
                }
            },
        ]
    }
}
