import Types

/// ALTER … RENAME, ALTER … SET SCHEMA, COMMENT ON.
extension Parser {
    private mutating func relationKind() -> Drop.Kind? {
        if accept(["materialized", "view"]) { return .materializedView }
        for kind in [Drop.Kind.table, .view, .source, .sequence, .index] where accept(kind.rawValue)
        {
            return kind
        }
        return nil
    }

    mutating func alter(_ at: Int) throws(SQLError) -> Statement {
        advance()
        guard let kind = relationKind() else { return try unsupported("ALTER", at) }
        let ifExists = accept(["if", "exists"])
        _ = accept("only")
        let name = try qualifiedName()
        if accept("rename") {
            if accept("to") {
                return .rename(kind, name, to: try self.name(), ifExists: ifExists)
            }
            if accept("constraint") { return try unsupported("ALTER … RENAME CONSTRAINT", at) }
            _ = accept("column")
            let start = token.start
            let column = try self.name()
            try expect("to")
            return .renameColumn(name, column: column, to: try self.name(), at: start)
        }
        if accept(["set", "schema"]) {
            return .setSchema(kind, name, to: try self.name(), ifExists: ifExists)
        }
        if kind == .table, let change = try constraintChange(name, ifExists) { return change }
        if kind == .sequence {
            return .alterSequence(
                name, ifExists: ifExists, try sequenceOptions(isAltering: true))
        }
        return try unsupported("ALTER \(kind.rawValue.uppercased())", at)
    }

    /// ADD [CONSTRAINT name] UNIQUE (…), DROP CONSTRAINT [IF EXISTS] name [RESTRICT]; nil for anything else.
    private mutating func constraintChange(_ table: QualifiedName, _ ifExists: Bool)
        throws(SQLError) -> Statement?
    {
        let mark = index
        if accept("add") {
            let name = accept("constraint") ? try self.name() : nil
            if accept("unique"), peek == .symbol("(") {
                let constraint = UniqueConstraint(name: name, columns: try keyColumns())
                if peek == .end || peek == .symbol(";") {
                    return .addUnique(table, constraint, ifExists: ifExists)
                }
            }
        } else if accept(["drop", "constraint"]) {
            let mayMiss = accept(["if", "exists"])
            let drop = ConstraintDrop(name: try self.name(), ifExists: mayMiss)
            _ = accept("restrict")
            if peek == .end || peek == .symbol(";") {
                return .dropConstraint(table, drop, ifExists: ifExists)
            }
        }
        index = mark
        return nil
    }

    mutating func comment(_ at: Int) throws(SQLError) -> Statement {
        advance()
        try expect("on")
        var column: String?
        var name: QualifiedName
        if accept("column") {
            name = try qualifiedName()
            guard name.parts.count > 1 else {
                throw SQLError(
                    .syntaxError, "column name must be qualified", position: position(name.at))
            }
            column = name.parts.removeLast()
        } else if relationKind() != nil {
            name = try qualifiedName()
        } else {
            return try unsupported("COMMENT ON this", at)
        }
        try expect("is")
        if accept("null") { return .comment(name, column: column, nil) }
        guard case .string(let text) = peek else { throw unexpected() }
        advance()
        return .comment(name, column: column, text)
    }
}
