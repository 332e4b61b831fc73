package import Types

/// All scalar functions and operators, by name. Operators go by their symbol.
package enum FunctionRegistry {
    private static let all: [String: [ScalarFunction]] = {
        let families = [
            ArithmeticFunctions.all, ComparisonFunctions.all, CastFunctions.all, MathFunctions.all,
            NumericPowers.all,
            TextFunctions.all, PatternFunctions.all, DateTimeFunctions.all, CalendarFunctions.all,
            JSONFunctions.all, ArrayFunctions.all, RegexFunctions.all, SeriesFunctions.all,
            ByteFunctions.all,
            IntegerFunctions.all, SimilarPattern.all, FormattingFunctions.all,
            DigestFunctions.all, FormatFunction.all, NullCounts.all, AngleFunctions.all,
            SizeFunctions.all, IdentifierFunctions.all, OverlapFunctions.all,
        ]
        return Dictionary(grouping: families.flatMap { $0 }, by: \.name)
    }()

    /// Overloads of a name, in order of declaration.
    package static func overloads(_ name: String) -> [ScalarFunction] { all[name] ?? [] }

    /// The function with exactly these argument types.
    package static func exact(_ name: String, _ arguments: [DataType]) -> ScalarFunction? {
        overloads(name).first { $0.arguments.map(\.kind) == arguments.map(\.kind) }
    }

    /// The function for these argument types that is made for them: of arrays, and to JSON.
    package static func made(_ name: String, _ arguments: [DataType]) -> ScalarFunction? {
        ArrayFunctions.function(name, arguments) ?? JSONFunctions.function(name, arguments)
    }

    package static var names: [String] { all.keys.sorted() }

    /// A function of one value that never changes and never fails.
    package static func fixedFunction(
        _ name: String, _ argument: DataType, _ result: DataType,
        _ body: @escaping @Sendable (Value) -> Value
    ) -> ScalarFunction {
        ScalarFunction(name, [argument], result) { e, columns in
            let builder = ColumnBuilder(result.physical, capacity: e.count)
            for row in 0..<e.count { builder.append(body(columns[0].value(row))) }
            return builder.column()
        }
    }

    /// A function that exists for one statement only: its value is decided by the session.
    package static func sessionFunction(
        _ name: String, _ arguments: [DataType], _ result: DataType, strict: Bool = true,
        _ body: @escaping @Sendable ([Value]) throws(SQLError) -> Value
    ) -> ScalarFunction {
        ScalarFunction(name, arguments, result, strict: strict, canFail: true, volatile: true) {
            e, columns in
            let builder = ColumnBuilder(result.physical, capacity: e.count)
            for row in 0..<e.count {
                let values = columns.map { $0.value(row) }
                if strict, values.contains(.null) {
                    builder.appendNull()
                    continue
                }
                do throws(SQLError) {
                    builder.append(try body(values))
                } catch {
                    builder.appendNull()
                    e.fail(row, error)
                }
            }
            return builder.column()
        }
    }
}
