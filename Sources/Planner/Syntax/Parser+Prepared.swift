import Types

/// PREPARE and EXECUTE.
extension Parser {
    /// PREPARE name [(type, …)] AS statement
    mutating func prepare() throws(SQLError) -> Statement {
        advance()
        let name = try name()
        var types: [TypeName] = []
        if accept(symbol: "(") {
            repeat { types.append(try typeName()) } while accept(symbol: ",")
            try expect(symbol: ")")
        }
        try expect("as")
        let at = token.start
        let statement = try statement()
        switch statement {
        case .query, .insert, .update, .delete:
            return .prepare(name: name, types: types, statement)
        case .unsupported: return statement
        default:
            throw SQLError(
                .syntaxError, "only SELECT, INSERT, UPDATE, DELETE and VALUES can be prepared",
                position: position(at))
        }
    }

    /// EXECUTE name [(value, …)]
    mutating func execute() throws(SQLError) -> Statement {
        let at = token.start
        advance()
        let name = try name()
        var values: [Expression] = []
        if accept(symbol: "(") {
            repeat { values.append(try expression()) } while accept(symbol: ",")
            try expect(symbol: ")")
        }
        return .execute(name: name, values, at: at)
    }
}
