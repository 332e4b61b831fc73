package import Types

/// Functions and operators of arrays, made for the element type at hand.
package enum ArrayFunctions {
    static func array(_ column: Column, _ row: Int, _ type: DataType) -> ArrayValue {
        ArrayValue(decoding: column.textBytes(row), type.element)
    }

    /// ARRAY[…] of so many elements; arrays as elements make one dimension more.
    package static func constructor(_ count: Int, element type: DataType) -> ScalarFunction {
        let isNested = type.kind == .array
        let result: DataType = isNested ? type : .array(of: type.kind)
        return ScalarFunction(
            "array", Array(repeating: type, count: count), result, strict: false, canFail: isNested
        ) { e, c in
            RowKernels.texts(e, c, strict: false) { (row) throws(SQLError) in
                if !isNested {
                    return ArrayValue(c.map { $0.value(row) }).encoded(type.kind)
                }
                var outer = ArrayValue()
                for column in c where !column.isNull(row) {
                    let inner = array(column, row, type)
                    if outer.dimensions.isEmpty {
                        outer.dimensions = [0] + inner.dimensions
                        outer.lowerBounds = [1] + inner.lowerBounds
                    }
                    guard Array(outer.dimensions.dropFirst()) == inner.dimensions else {
                        throw SQLError(
                            SQLState.external("2202E"),
                            "multidimensional arrays must have array expressions with matching dimensions"
                        )
                    }
                    outer.dimensions[0] += 1
                    outer.elements += inner.elements
                }
                return (outer.elements.isEmpty ? ArrayValue() : outer).encoded(type.element)
            }
        }
    }

    /// a[i][j]…: NULL outside of the bounds.
    package static func element(_ type: DataType, subscripts: Int) -> ScalarFunction {
        let arguments = [type] + Array(repeating: DataType.int4, count: subscripts)
        let element = type.elementType
        return ScalarFunction("subscript", arguments, element) { e, c in
            let builder = ColumnBuilder(element.physical, capacity: e.count)
            for row in 0..<e.count {
                if c.contains(where: { $0.isNull(row) }) {
                    builder.appendNull()
                    continue
                }
                let value = array(c[0], row, type)
                var place = 0
                var isInside = value.dimensions.count == subscripts
                for index in 0..<subscripts where isInside {
                    let at = Int(c[index + 1].int64s.cells[row]) - value.lowerBounds[index]
                    isInside = at >= 0 && at < value.dimensions[index]
                    place = place * value.dimensions[index] + at
                }
                builder.append(isInside ? value.elements[place] : .null)
            }
            return builder.column()
        }
    }

    /// a[i:j][k:l]…; the array's own bounds where one is missing, NULL where one is NULL.
    /// - Parameter given: whether there is a lower and an upper bound, for each dimension; the arguments
    ///   have a place for either.
    package static func slice(_ type: DataType, _ given: [(lower: Bool, upper: Bool)])
        -> ScalarFunction
    {
        let dimensions = given.count
        let bounds = Array(repeating: DataType.int4, count: dimensions * 2)
        // What tells one form from the other in a plan.
        let form = given.map { "\($0.lower ? "l" : "")\($0.upper ? "u" : "")" }
        return ScalarFunction(
            "slice " + form.joined(separator: " "), [type] + bounds, type, strict: false
        ) { e, c in
            RowKernels.texts(e, c, strict: false) { row in
                if c[0].isNull(row) { return nil }
                for (index, has) in given.enumerated() {
                    if has.lower, c[1 + index * 2].isNull(row) { return nil }
                    if has.upper, c[2 + index * 2].isNull(row) { return nil }
                }
                let value = array(c[0], row, type)
                let empty = ArrayValue().encoded(type.element)
                guard value.dimensions.count >= dimensions else { return empty }
                var ranges: [Range<Int>] = []
                for (index, length) in value.dimensions.enumerated() {
                    let lower = value.lowerBounds[index]
                    var (from, to) = (lower, lower + length - 1)
                    if index < dimensions {
                        let (a, b) = (c[1 + index * 2], c[2 + index * 2])
                        if !a.isNull(row) { from = max(from, Int(a.int64s.cells[row])) }
                        if !b.isNull(row) { to = min(to, Int(b.int64s.cells[row])) }
                    }
                    guard from <= to else { return empty }
                    ranges.append((from - lower)..<(to - lower + 1))
                }
                var result = ArrayValue()
                result.dimensions = ranges.map(\.count)
                result.lowerBounds = ranges.map { _ in 1 }
                result.elements = value.elements.indices.filter { place in
                    var rest = place
                    for (range, length) in zip(ranges, value.dimensions).reversed() {
                        if !range.contains(rest % length) { return false }
                        rest /= length
                    }
                    return true
                }.map { value.elements[$0] }
                return result.encoded(type.element)
            }
        }
    }

    /// Whether `comparison` (over a value and an element, columns 0 and 1) holds for any or all.
    package static func quantified(
        _ comparison: Expr, left: DataType, array type: DataType, isAll: Bool
    ) -> ScalarFunction {
        ScalarFunction(
            isAll ? "all" : "any", [left, type], .boolean, strict: false,
            canFail: comparison.canFail
        ) { e, c in
            let builder = ColumnBuilder(.bool, capacity: e.count)
            let element = type.elementType.physical
            for row in 0..<e.count {
                if c[1].isNull(row) {
                    builder.appendNull()
                    continue
                }
                let elements = array(c[1], row, type).elements
                let value = c[0].value(row)
                let batch = Batch(
                    rows: elements.map { [value, $0] }, types: [left.physical, element])
                let inner = Evaluation(batch)
                let column = inner.evaluate(comparison)
                if let failure = inner.failures.first { e.fail(row, failure.error) }
                var (hasNull, isDecided) = (false, false)
                for index in 0..<batch.count {
                    if column.isNull(index) {
                        hasNull = true
                    } else if (column.bools.cells[index] != 0) != isAll {
                        isDecided = true
                    }
                }
                if isDecided {
                    builder.append(!isAll)
                } else if hasNull {
                    builder.appendNull()
                } else {
                    builder.append(isAll)
                }
            }
            return builder.column()
        }
    }

    /// The function for these types; nil when it is none of arrays.
    package static func function(_ name: String, _ types: [DataType]) -> ScalarFunction? {
        guard let first = types.first(where: { $0.kind == .array }) else { return nil }
        if types.count == 2, types[0] == types[1] || isSame(types[0], types[1]) {
            if let comparison = ComparisonFunctions.ofArrays(name, first) { return comparison }
        }
        return sets(name, types, first) ?? building(name, types, first) ?? measuring(
            name, types, first)
            ?? searching(name, types, first) ?? filling(name, types)
    }

    private static func isSame(_ a: DataType, _ b: DataType) -> Bool {
        a.kind == b.kind && a.element == b.element
    }

    private static func sets(_ name: String, _ types: [DataType], _ type: DataType)
        -> ScalarFunction?
    {
        guard types.count == 2, isSame(types[0], types[1]) else { return nil }
        func test(_ f: @escaping @Sendable ([Value], [Value]) -> Bool) -> ScalarFunction {
            ScalarFunction(name, [type, type], .boolean) { e, c in
                RowKernels.bools(e, c) { row in
                    let lists = c.map { column in
                        array(column, row, type).elements.map(\.canonical)
                    }
                    return f(lists[0], lists[1])
                }
            }
        }
        @Sendable func within(_ a: [Value], _ b: [Value]) -> Bool {
            let all = Set(b)
            return a.allSatisfy { $0 != .null && all.contains($0) }
        }
        switch name {
        case "@>": return test { within($1, $0) }
        case "<@": return test { within($0, $1) }
        case "&&":
            return test { a, b in
                let all = Set(b)
                return a.contains { $0 != .null && all.contains($0) }
            }
        default: return nil
        }
    }

    // MARK: - Building

    private static func arrays(
        _ name: String, _ types: [DataType], _ result: DataType,
        _ f: @escaping @Sendable ([Column], Int) throws(SQLError) -> ArrayValue?
    ) -> ScalarFunction {
        ScalarFunction(name, types, result, strict: false, canFail: true) { e, c in
            RowKernels.texts(e, c, strict: false) { (row) throws(SQLError) in
                try f(c, row)?.encoded(result.element)
            }
        }
    }

    private static func concatenated(_ a: ArrayValue, _ b: ArrayValue) throws(SQLError)
        -> ArrayValue
    {
        if a.elements.isEmpty { return b }
        if b.elements.isEmpty { return a }
        var result = a
        if a.dimensions.count == b.dimensions.count,
            a.dimensions.dropFirst().elementsEqual(b.dimensions.dropFirst())
        {
            result.dimensions[0] += b.dimensions[0]
            result.elements += b.elements
            return result
        }
        if a.dimensions.count == b.dimensions.count + 1,
            a.dimensions.dropFirst().elementsEqual(b.dimensions)
        {
            result.dimensions[0] += 1
            result.elements += b.elements
            return result
        }
        if b.dimensions.count == a.dimensions.count + 1,
            b.dimensions.dropFirst().elementsEqual(a.dimensions)
        {
            result = b
            result.dimensions[0] += 1
            result.elements = a.elements + b.elements
            return result
        }
        throw SQLError(
            SQLState.external("2202E"), "cannot concatenate incompatible arrays",
            detail: "Arrays with differing element dimensions are not compatible for concatenation."
        )
    }

    private static func oneDimensional(_ value: ArrayValue) throws(SQLError) {
        guard value.dimensions.count <= 1 else {
            throw SQLError(
                .invalidParameterValue, "argument must be empty or one-dimensional array")
        }
    }

    private static func building(_ name: String, _ types: [DataType], _ type: DataType)
        -> ScalarFunction?
    {
        let element = type.elementType
        switch (name, types.count) {
        case ("||", 2), ("array_cat", 2):
            if isSame(types[0], types[1]) {
                return arrays(name, types, type) { (c, row) throws(SQLError) in
                    if c[0].isNull(row) { return c[1].isNull(row) ? nil : array(c[1], row, type) }
                    if c[1].isNull(row) { return array(c[0], row, type) }
                    return try concatenated(array(c[0], row, type), array(c[1], row, type))
                }
            }
            guard name == "||" else { return nil }
            return function(types[0].kind == .array ? "array_append" : "array_prepend", types)
        case ("array_append", 2):
            return arrays(name, [type, element], type) { (c, row) throws(SQLError) in
                var value = c[0].isNull(row) ? ArrayValue() : array(c[0], row, type)
                try oneDimensional(value)
                if value.elements.isEmpty { return ArrayValue([c[1].value(row)]) }
                value.elements.append(c[1].value(row))
                value.dimensions[0] += 1
                return value
            }
        case ("array_prepend", 2):
            return arrays(name, [element, type], type) { (c, row) throws(SQLError) in
                var value = c[1].isNull(row) ? ArrayValue() : array(c[1], row, type)
                try oneDimensional(value)
                if value.elements.isEmpty { return ArrayValue([c[0].value(row)]) }
                value.elements.insert(c[0].value(row), at: 0)
                value.dimensions[0] += 1
                return value
            }
        case ("array_remove", 2):
            return arrays(name, [type, element], type) { (c, row) throws(SQLError) in
                if c[0].isNull(row) { return nil }
                let value = array(c[0], row, type)
                guard value.dimensions.count <= 1 else {
                    throw SQLError(
                        .featureNotSupported,
                        "removing elements from multidimensional arrays is not supported")
                }
                let gone = c[1].value(row).canonical
                return ArrayValue(value.elements.filter { $0.canonical != gone })
            }
        case ("array_replace", 3):
            return arrays(name, [type, element, element], type) { (c, row) throws(SQLError) in
                if c[0].isNull(row) { return nil }
                var value = array(c[0], row, type)
                let (old, new) = (c[1].value(row).canonical, c[2].value(row))
                value.elements = value.elements.map { $0.canonical == old ? new : $0 }
                return value
            }
        case ("trim_array", 2):
            return arrays(name, [type, .int4], type) { (c, row) throws(SQLError) in
                if c[0].isNull(row) || c[1].isNull(row) { return nil }
                let value = array(c[0], row, type)
                let count = Int(c[1].int64s.cells[row])
                let length = value.dimensions.first ?? 0
                guard count >= 0, count <= length else {
                    throw SQLError(
                        SQLState.external("2202E"),
                        "number of elements to trim must be between 0 and \(length)")
                }
                return first(length - count, of: value)
            }
        default: return nil
        }
    }

    /// The first elements of the first dimension; the result counts from 1.
    private static func first(_ count: Int, of value: ArrayValue) -> ArrayValue {
        guard count > 0, let length = value.dimensions.first else { return ArrayValue() }
        var result = ArrayValue()
        result.elements = Array(value.elements.prefix(value.elements.count / length * count))
        result.dimensions = [count] + value.dimensions.dropFirst()
        result.lowerBounds = value.dimensions.map { _ in 1 }
        return result
    }

    // MARK: - Measuring

    private static func measuring(_ name: String, _ types: [DataType], _ type: DataType)
        -> ScalarFunction?
    {
        func number(
            _ arguments: [DataType], _ f: @escaping @Sendable (ArrayValue, [Column], Int) -> Int?
        ) -> ScalarFunction {
            ScalarFunction(name, arguments, .int4) { e, c in
                let builder = ColumnBuilder(.int64, capacity: e.count)
                for row in 0..<e.count {
                    let isNull = c.contains { $0.isNull(row) }
                    if !isNull, let value = f(array(c[0], row, type), c, row) {
                        builder.append(Int64(value))
                    } else {
                        builder.appendNull()
                    }
                }
                return builder.column()
            }
        }
        @Sendable func dimension(_ c: [Column], _ row: Int, _ value: ArrayValue) -> Int? {
            let number = Int(truncatingIfNeeded: c[1].int64s.cells[row]) - 1
            return value.dimensions.indices.contains(number) ? number : nil
        }
        switch (name, types.count) {
        case ("cardinality", 1): return number([type]) { value, _, _ in value.elements.count }
        case ("array_ndims", 1):
            return number([type]) { value, _, _ in
                value.dimensions.isEmpty ? nil : value.dimensions.count
            }
        case ("array_length", 2):
            return number([type, .int4]) { value, c, row in
                dimension(c, row, value).map { value.dimensions[$0] }
            }
        case ("array_lower", 2):
            return number([type, .int4]) { value, c, row in
                dimension(c, row, value).map { value.lowerBounds[$0] }
            }
        case ("array_upper", 2):
            return number([type, .int4]) { value, c, row in
                dimension(c, row, value).map { value.lowerBounds[$0] + value.dimensions[$0] - 1 }
            }
        case ("generate_subscripts@array", 2), ("generate_subscripts@array", 3):
            let arguments: [DataType] = [type, .int4] + (types.count == 3 ? [.boolean] : [])
            return arrays(name, arguments, .array(of: .int4)) { c, row in
                if c.contains(where: { $0.isNull(row) }) { return nil }
                let value = array(c[0], row, type)
                guard let at = dimension(c, row, value) else { return ArrayValue() }
                let lower = value.lowerBounds[at]
                let subscripts = (lower..<(lower + value.dimensions[at])).map {
                    Value.int(Int64($0))
                }
                let isReversed = c.count == 3 && c[2].bools.cells[row] != 0
                return ArrayValue(isReversed ? subscripts.reversed() : subscripts)
            }
        case ("array_dims", 1):
            return ScalarFunction(name, [type], .text) { e, c in
                RowKernels.texts(e, c) { row in
                    let value = array(c[0], row, type)
                    if value.dimensions.isEmpty { return nil }
                    let parts = zip(value.dimensions, value.lowerBounds).map {
                        "[\($1):\($1 + $0 - 1)]"
                    }
                    return Array(parts.joined().utf8)
                }
            }
        default: return nil
        }
    }

    /// An int2vector or oidvector as the array that it is; nil of other types.
    package static func ofVector(_ type: DataType) -> ScalarFunction? {
        guard let array = type.vectorArray else { return nil }
        return ScalarFunction("vector_array", [type], array) { _, c in c[0] }
    }

    // MARK: - Searching

    private static var severalDimensions: SQLError {
        SQLError(
            .featureNotSupported,
            "searching for elements in multidimensional arrays is not supported")
    }

    /// array_position(array, element [, from])
    private static func position(_ types: [DataType], _ type: DataType) -> ScalarFunction {
        let arguments = [type, type.elementType] + (types.count == 3 ? [.int4] : [])
        return ScalarFunction("array_position", arguments, .int4, strict: false, canFail: true) {
            e, c in
            let builder = ColumnBuilder(.int64, capacity: e.count)
            for row in 0..<e.count {
                let hasNoStart = c.count == 3 && c[2].isNull(row)
                if c[0].isNull(row) || hasNoStart {
                    builder.appendNull()
                    if hasNoStart, !c[0].isNull(row) {
                        e.fail(
                            row,
                            SQLError(
                                .nullValueNotAllowed, "initial position must not be null"))
                    }
                    continue
                }
                let value = array(c[0], row, type)
                if value.dimensions.count > 1 {
                    builder.appendNull()
                    e.fail(row, severalDimensions)
                    continue
                }
                let wanted = c[1].value(row).canonical
                let lower = value.lowerBounds.first ?? 1
                let from = c.count == 3 ? Int(c[2].int64s.cells[row]) - lower : 0
                let found = value.elements.indices.first {
                    $0 >= from && value.elements[$0].canonical == wanted
                }
                if let found {
                    builder.append(Int64(found + lower))
                } else {
                    builder.appendNull()
                }
            }
            return builder.column()
        }
    }

    private static func searching(_ name: String, _ types: [DataType], _ type: DataType)
        -> ScalarFunction?
    {
        let element = type.elementType
        switch (name, types.count) {
        case ("array_position", 2), ("array_position", 3):
            return position(types, type)
        case ("array_positions", 2):
            return arrays(name, [type, element], .array(of: .int4)) { (c, row) throws(SQLError) in
                if c[0].isNull(row) { return nil }
                let value = array(c[0], row, type)
                guard value.dimensions.count <= 1 else { throw severalDimensions }
                let wanted = c[1].value(row).canonical
                let lower = value.lowerBounds.first ?? 1
                return ArrayValue(
                    value.elements.indices.filter { value.elements[$0].canonical == wanted }.map {
                        .int(Int64($0 + lower))
                    })
            }
        case ("array_to_string", 2), ("array_to_string", 3):
            let arguments: [DataType] = [type, .text] + (types.count == 3 ? [.text] : [])
            return ScalarFunction(name, arguments, .text, strict: false) { e, c in
                RowKernels.texts(e, c, strict: false) { row in
                    if c[0].isNull(row) || c[1].isNull(row) { return nil }
                    let separator = c[1].textBytes(row)
                    let null = c.count == 3 && !c[2].isNull(row) ? c[2].textBytes(row) : nil
                    var output: [UInt8] = []
                    var isFirst = true
                    for value in array(c[0], row, type).elements {
                        guard let text = TextEncoding.text(value, element) ?? null else { continue }
                        if !isFirst { output += separator }
                        isFirst = false
                        output += text
                    }
                    return output
                }
            }
        default: return nil
        }
    }

    /// string_to_array, for the registry.
    static let all: [ScalarFunction] = [2, 3].map { count in
        ScalarFunction(
            "string_to_array", Array(repeating: .text, count: count), .array(of: .text),
            strict: false
        ) { e, c in
            RowKernels.texts(e, c, strict: false) { row in
                if c[0].isNull(row) { return nil }
                let null = c.count == 3 && !c[2].isNull(row) ? c[2].textBytes(row) : nil
                let parts = split(c[0].textBytes(row), c[1].isNull(row) ? nil : c[1].textBytes(row))
                return ArrayValue(parts.map { $0 == null ? .null : .text($0) }).encoded(.text)
            }
        }
    }

    private static func split(_ text: [UInt8], _ separator: [UInt8]?) -> [[UInt8]] {
        if text.isEmpty { return [] }
        guard let separator else {
            return String(decoding: text, as: UTF8.self).unicodeScalars.map {
                Array(String($0).utf8)
            }
        }
        if separator.isEmpty { return [text] }
        var parts: [[UInt8]] = []
        var start = 0
        var index = 0
        while index + separator.count <= text.count {
            if text[index...].starts(with: separator) {
                parts.append(Array(text[start..<index]))
                index += separator.count
                start = index
            } else {
                index += 1
            }
        }
        parts.append(Array(text[start...]))
        return parts
    }
}
