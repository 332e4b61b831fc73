package import Types

/// A variadic function whose last arguments are the elements of an array: `concat(VARIADIC list)`.
package enum VariadicCall {
    /// The function for as many arguments before the array; what they have to be is in its arguments.
    package static func function(_ name: String, _ fixed: [DataType], _ array: DataType)
        -> ScalarFunction?
    {
        let element = array.elementType
        let declared = FunctionRegistry.overloads(name).first { overload in
            overload.isVariadic && overload.arguments.count == fixed.count + 1
                && zip(fixed, overload.arguments).allSatisfy {
                    CastFunctions.context(from: $0, to: $1) == .implicit
                }
        }
        @Sendable func inner(_ count: Int) -> ScalarFunction? {
            declared
                ?? JSONFunctions.function(
                    name, fixed + Array(repeating: element, count: count))
        }
        guard name.contains("_build_") || declared != nil, let sample = inner(2) else { return nil }
        let first = declared.map { Array($0.arguments.dropLast()) } ?? fixed
        let asText = declared != nil
        return ScalarFunction(name, first + [array], sample.result, strict: false, canFail: true) {
            e, c in
            let builder = ColumnBuilder(sample.result.physical, capacity: e.count)
            for row in 0..<e.count {
                guard let last = c.last, !last.isNull(row) || name == "format" else {
                    builder.appendNull()
                    continue
                }
                let elements =
                    last.isNull(row) ? [] : ArrayFunctions.array(last, row, array).elements
                let more = elements.map { value in
                    asText ? TextEncoding.text(value, element).map { .text($0) } ?? .null : value
                }
                let types =
                    first.map(\.physical)
                    + more.map { _ in asText ? .text : element.physical }
                let batch = Batch(rows: [c.dropLast().map { $0.value(row) } + more], types: types)
                let one = Evaluation(batch)
                let result = inner(more.count)?.body(one, batch.columns)
                builder.append(result?.value(0) ?? .null)
                if let failure = one.failures.first { e.fail(row, failure.error) }
            }
            return builder.column()
        }
    }
}
