import Types

/// num_nulls and num_nonnulls.
enum NullCounts {
    static let all: [ScalarFunction] = [count("num_nulls", 1), count("num_nonnulls", 0)]

    private static func count(_ name: String, _ wanted: Int64) -> ScalarFunction {
        ScalarFunction(name, [.text], .int4, variadic: true, strict: false) { e, c in
            RowKernels.ints(e, []) { row in
                c.reduce(Int64(0)) { $0 + ($1.isNull(row) ? wanted : 1 - wanted) }
            }
        }
    }
}
