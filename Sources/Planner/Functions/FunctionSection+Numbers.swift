/// Numbers: what SQL can call, and PostgreSQL's identifiers.
extension FunctionSection {
    static let mathematical = FunctionSection(
        "Numbers",
        [
            .init(
                "abs", "absolute value",
                [
                    "int2": 1398, "int4": 1397, "int8": 1396, "float8": 1395, "float4": 1394,
                    "numeric": 1705,
                ]),
            .init("acos", "arc cosine, in radians", ["float8": 1601]),
            .init("acosd", "arc cosine, in degrees", ["float8": 2732]),
            .init("acosh", "inverse hyperbolic cosine", ["float8": 2466]),
            .init("asin", "arc sine, in radians", ["float8": 1600]),
            .init("asind", "arc sine, in degrees", ["float8": 2731]),
            .init("asinh", "inverse hyperbolic sine", ["float8": 2465]),
            .init("atan", "arc tangent, in radians", ["float8": 1602]),
            .init(
                "atan2", "angle of the point (second, first), in radians", ["float8 float8": 1603]),
            .init(
                "atan2d", "angle of the point (second, first), in degrees",
                ["float8 float8": 2734]),
            .init("atand", "arc tangent, in degrees", ["float8": 2733]),
            .init("atanh", "inverse hyperbolic tangent", ["float8": 2467]),
            .init("cbrt", "cube root", ["float8": 1345]),
            .init(
                "ceil", "nearest whole number that is not less", ["float8": 2308, "numeric": 1711]),
            .init("ceiling", "the same as ceil", ["float8": 2320, "numeric": 2167]),
            .init("cos", "cosine of radians", ["float8": 1605]),
            .init("cosd", "cosine of degrees", ["float8": 2736]),
            .init("cosh", "hyperbolic cosine", ["float8": 2463]),
            .init("cot", "cotangent of radians", ["float8": 1607]),
            .init("cotd", "cotangent of degrees", ["float8": 2738]),
            .init("degrees", "degrees of radians", ["float8": 1608]),
            .init("div", "whole part of the quotient", ["numeric numeric": 1973]),
            .init("exp", "e to the power of it", ["float8": 1347, "numeric": 1732]),
            .init("factorial", "product of the whole numbers up to it", ["int8": 1376]),
            .init(
                "floor", "nearest whole number that is not greater",
                ["float8": 2309, "numeric": 1712]),
            .init(
                "gcd", "greatest common divisor",
                ["int4 int4": 5044, "int8 int8": 5045, "numeric numeric": 5048]),
            .init(
                "lcm", "least common multiple",
                ["int4 int4": 5046, "int8 int8": 5047, "numeric numeric": 5049]),
            .init("ln", "natural logarithm", ["float8": 1341, "numeric": 1734]),
            .init(
                "log", "logarithm to base 10, or to the first of two",
                ["float8": 1340, "numeric": 1741, "numeric numeric": 1736]),
            .init("log10", "logarithm to base 10", ["float8": 1194, "numeric": 1481]),
            .init("min_scale", "digits behind the point without trailing zeros", ["numeric": 5042]),
            .init(
                "mod", "remainder of a division",
                ["int2 int2": 940, "int4 int4": 941, "int8 int8": 947, "numeric numeric": 1728]),
            .init("pi", "the ratio of a circle's circumference to its diameter", ["()": 1610]),
            .init(
                "pow", "the first to the power of the second",
                ["float8 float8": 1346, "numeric numeric": 1738]),
            .init(
                "power", "the first to the power of the second",
                ["float8 float8": 1368, "numeric numeric": 2169]),
            .init("radians", "radians of degrees", ["float8": 1609]),
            .init("random", "a number from 0 up to, not including, 1", ["()": 1598]),
            .init(
                "round",
                "nearest number with as many digits behind the point: none, or as many as given",
                ["float8": 1342, "numeric": 1708, "numeric int4": 1707]),
            .init("scale", "digits behind the point", ["numeric": 3281]),
            .init(
                "sign", "-1, 0 or 1, as the number is negative, zero or positive",
                ["float8": 2310, "numeric": 1706]),
            .init("sin", "sine of radians", ["float8": 1604]),
            .init("sind", "sine of degrees", ["float8": 2735]),
            .init("sinh", "hyperbolic sine", ["float8": 2462]),
            .init("sqrt", "square root", ["float8": 1344, "numeric": 1730]),
            .init("tan", "tangent of radians", ["float8": 1606]),
            .init("tand", "tangent of degrees", ["float8": 2737]),
            .init("tanh", "hyperbolic tangent", ["float8": 2464]),
            .init(
                "trim_scale", "the number without trailing zeros behind the point",
                ["numeric": 5043]),
            .init(
                "trunc", "the number cut behind the point, or behind as many digits as given",
                ["float8": 1343, "numeric": 1710, "numeric int4": 1709]),
            .init(
                "width_bucket",
                "number of the bucket, of as many of equal width between two bounds, that it falls into",
                ["float8 float8 float8 int4": 320, "numeric numeric numeric int4": 2170]),
        ])
}
