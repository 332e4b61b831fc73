import Types

/// array_fill, and width_bucket over an array of thresholds.
extension ArrayFunctions {
    static func filling(_ name: String, _ types: [DataType]) -> ScalarFunction? {
        switch (name, types.count) {
        case ("array_fill", 2), ("array_fill", 3):
            guard types[0].kind != .array, types.dropFirst().allSatisfy({ $0.kind == .array })
            else { return nil }
            return fill(types[0], bounds: types.count - 1)
        case ("width_bucket", 2):
            guard types[1].kind == .array, types[0].kind == types[1].element else { return nil }
            return bucket(types)
        default: return nil
        }
    }

    private static func fill(_ element: DataType, bounds: Int) -> ScalarFunction {
        let arguments = [element] + Array(repeating: DataType.array(of: .int4), count: bounds)
        return ScalarFunction(
            "array_fill", arguments, .array(of: element.kind), strict: false, canFail: true
        ) { e, c in
            RowKernels.texts(e, c, strict: false) { (row) throws(SQLError) in
                let lengths = try bound(c[1], row)
                let lower =
                    c.count > 2
                    ? try bound(c[2], row) : Array(repeating: 1, count: lengths.count)
                guard lower.count == lengths.count else {
                    throw SQLError(
                        SQLState.external("2202E"), "wrong number of array subscripts",
                        detail: "Low bound array has different size than dimensions array.")
                }
                var count = 1
                for length in lengths {
                    let (product, overflow) = count.multipliedReportingOverflow(by: length)
                    guard length >= 0, !overflow, product <= 1 << 24 else {
                        throw SQLError(
                            .programLimitExceeded,
                            "array size exceeds the maximum allowed (134217727)")
                    }
                    count = product
                }
                var array = ArrayValue()
                if count > 0, !lengths.isEmpty {
                    array.elements = Array(repeating: c[0].value(row), count: count)
                    array.dimensions = lengths
                    array.lowerBounds = lower
                }
                return array.encoded(element.kind)
            }
        }
    }

    /// The lengths or the lower bounds of dimensions.
    private static func bound(_ column: Column, _ row: Int) throws(SQLError) -> [Int] {
        guard !column.isNull(row) else {
            throw SQLError(
                .nullValueNotAllowed, "dimension array or low bound array cannot be null")
        }
        let value = array(column, row, .array(of: .int4))
        guard value.dimensions.count <= 1 else {
            throw SQLError(
                SQLState.external("2202E"), "wrong number of array subscripts",
                detail: "Dimension array must be one dimensional.")
        }
        guard value.elements.count <= 6 else {
            throw SQLError(
                .programLimitExceeded,
                "number of array dimensions (\(value.elements.count)) exceeds the maximum allowed (6)"
            )
        }
        var list: [Int] = []
        for element in value.elements {
            guard let number = element.int else {
                throw SQLError(.nullValueNotAllowed, "dimension values cannot be null")
            }
            list.append(Int(number))
        }
        return list
    }

    private static func bucket(_ types: [DataType]) -> ScalarFunction {
        let type = types[1]
        return ScalarFunction("width_bucket", types, .int4, canFail: true) { e, c in
            RowKernels.ints(e, c) { (row) throws(SQLError) in
                let thresholds = array(c[1], row, type)
                guard thresholds.dimensions.count <= 1 else {
                    throw SQLError(
                        SQLState.external("2202E"), "thresholds must be one-dimensional array")
                }
                guard !thresholds.elements.contains(.null) else {
                    throw SQLError(
                        .nullValueNotAllowed, "thresholds array must not contain NULLs")
                }
                // The bytes of arrays are in the order of their elements; those of equal ones are equal when
                // they are canonical.
                let operand = ArrayValue([c[0].value(row).canonical]).encoded(type.element)
                var (left, right) = (0, thresholds.elements.count)
                while left < right {
                    let middle = (left + right) / 2
                    let threshold = ArrayValue([thresholds.elements[middle].canonical])
                        .encoded(type.element)
                    if operand.lexicographicallyPrecedes(threshold) {
                        right = middle
                    } else {
                        left = middle + 1
                    }
                }
                return Int64(left)
            }
        }
    }
}
