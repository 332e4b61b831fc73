import Dataflow
import Types

/// Functions that give many rows: each is one or more arrays whose elements are the rows.
enum SetFunctions {
    struct Rows {
        let array: Expr
        var field: Field
        /// Whether an alias of the function names the column as well.
        let takesAlias: Bool
    }

    static let names = Set(FunctionCatalog.entries.filter(\.returnsSet).map(\.name))

    /// Start, stop and step when the array is that of generate_series.
    static func bounds(ofSeries array: Expr) -> [Expr]? {
        guard case .call(let function, let bounds, _) = array,
            function.name.hasPrefix(SeriesFunctions.name)
        else { return nil }
        return bounds
    }

    /// The arrays of a call; nil when it is no such function.
    static func arrays(_ binder: ExpressionBinder, _ call: FunctionCall) throws(SQLError) -> [Rows]?
    {
        let name = call.name[call.name.count - 1]
        guard names.contains(name) else { return nil }
        var arguments: [Expr] = []
        for node in call.arguments { arguments.append(try binder.bind(node)) }
        func rows(_ function: String, _ column: String, takesAlias: Bool = true) throws(SQLError)
            -> Rows
        {
            let array = try binder.function(function, arguments, call.at)
            return Rows(
                array: array, field: Field(column, array.type.elementType), takesAlias: takesAlias)
        }
        switch name {
        case "unnest":
            var list: [Rows] = []
            for argument in arguments.map(ExpressionBinder.unvectored) {
                guard argument.type.kind == .array else {
                    throw SQLError(
                        .undefinedFunction,
                        "function unnest(\(argument.type.name)) does not exist",
                        hint:
                            "No function matches the given name and argument types. You might need "
                            + "to add explicit type casts.",
                        position: binder.binder.position(call.at))
                }
                list.append(
                    Rows(
                        array: argument, field: Field("unnest", argument.type.elementType),
                        takesAlias: true))
            }
            return list
        case "string_to_table": return [try rows("string_to_array", name)]
        case "regexp_split_to_table": return [try rows("regexp_split_to_array", name)]
        case "jsonb_array_elements", "json_array_elements", "jsonb_array_elements_text",
            "json_array_elements_text":
            return [try rows(name + "@array", "value", takesAlias: false)]
        case "jsonb_object_keys", "json_object_keys": return [try rows(name + "@array", name)]
        case "jsonb_each", "json_each", "jsonb_each_text", "json_each_text":
            let keys = name.hasPrefix("jsonb") ? "jsonb_object_keys" : "json_object_keys"
            return [
                try rows(keys + "@array", "key", takesAlias: false),
                try rows(name + "@array", "value", takesAlias: false),
            ]
        case "regexp_matches":
            let array = try binder.function("regexp_matches@array", arguments, call.at)
            return [
                Rows(array: array, field: Field(name, .array(of: .text)), takesAlias: true)
            ]
        case "generate_subscripts", "generate_series": return [try rows(name + "@array", name)]
        default:
            throw SQLError.unsupported("\(name) in FROM", at: binder.binder.position(call.at))
        }
    }
}
