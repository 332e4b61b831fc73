import Types

/// What an expression asks before it uses a value. Not for lookup by name.
package enum ConditionalChecks {
    /// Whether a subquery has a row, by their number; NULL is none. - Throws: 21000 when it has several.
    package static let isOneRow = ScalarFunction(
        "one row", [.int8], .boolean, canFail: true
    ) { e, c in
        let counts = c[0].int64s
        return RowKernels.bools(e, c) { (row) throws(SQLError) in
            guard counts.cells[row] <= 1 else {
                throw SQLError(
                    .cardinalityViolation,
                    "more than one row returned by a subquery used as an expression")
            }
            return counts.cells[row] == 1
        }
    }
}
