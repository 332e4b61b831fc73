import Planner
import Types

/// Prepared statements: the protocol's and those of PREPARE, which share their names.
extension Session {
    func prepare(
        _ name: String, _ types: [TypeName], _ statement: Statement, _ text: String
    ) throws(SQLError) -> StatementResult {
        let binder = Binder(context: context(), text: text)
        var known: [DataType] = []
        for type in types { known.append(try binder.type(type)) }
        try keep(statement, name: name, text: text, types: known)
        return StatementResult(tag: "PREPARE")
    }

    /// Carries out what was prepared under a name.
    func executePrepared(_ name: String, _ values: [Expression], _ text: String)
        async throws(SQLError) -> StatementResult
    {
        let statement = try prepared(named: name)
        guard let inner = statement.statement else { return StatementResult(tag: "") }
        guard values.count == statement.types.count else {
            throw SQLError(
                .syntaxError, "wrong number of parameters for prepared statement \"\(name)\"",
                detail: "Expected \(statement.types.count) parameters but got \(values.count).")
        }
        let binder = Binder(context: context(), text: text, parameters: Parameters(values: []))
        var arguments: [Value] = []
        for (index, (node, type)) in zip(values, statement.types).enumerated() {
            arguments.append(try binder.argument(node, number: index + 1, as: type))
        }
        return try await execute(
            inner, text: statement.text,
            parameters: Parameters(types: statement.types, values: arguments))
    }

    /// - Throws: 26000.
    func prepared(named name: String) throws(SQLError) -> Prepared {
        guard let statement = prepared[name] else {
            throw SQLError(
                .invalidStatementName,
                name.isEmpty
                    ? "unnamed prepared statement does not exist"
                    : "prepared statement \"\(name)\" does not exist")
        }
        return statement
    }

    /// Keeps a statement under a name, with the types of its parameters as far as they are known.
    /// - Throws: 42P05, 53000, what binding it fails with.
    func keep(
        _ statement: Statement?, name: String, text: String, types: [DataType]
    ) throws(SQLError) {
        if !name.isEmpty, prepared[name] != nil {
            throw SQLError(
                .duplicatePreparedStatement, "prepared statement \"\(name)\" already exists")
        }
        guard prepared.count < Session.maximumPrepared else {
            throw SQLError(
                .insufficientResources, "more than \(Session.maximumPrepared) prepared statements")
        }
        var inferred = types
        if let statement {
            try checkNotFailed(statement)
            inferred = try inferredTypes(statement, text, types)
        }
        prepared[name] = Prepared(statement: statement, text: text, types: inferred)
    }

    func deallocate(_ name: String?) throws(SQLError) -> StatementResult {
        guard let name else {
            prepared.removeAll()
            return StatementResult(tag: "DEALLOCATE ALL")
        }
        guard prepared.removeValue(forKey: name) != nil else {
            throw SQLError(.invalidStatementName, "prepared statement \"\(name)\" does not exist")
        }
        return StatementResult(tag: "DEALLOCATE")
    }
}
