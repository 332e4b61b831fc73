import Types

/// INSERT, UPDATE, DELETE, TRUNCATE.
extension Parser {
    /// WITH … in front of any statement that can have it.
    mutating func withStatement() throws(SQLError) -> Statement {
        let mark = index
        let (with, _) = try withClause()
        switch peek {
        case .word("insert"):
            var insert = try insert()
            insert.with = with
            return .insert(insert)
        case .word("update"):
            var update = try update()
            update.with = with
            return .update(update)
        case .word("delete"):
            var delete = try delete()
            delete.with = with
            return .delete(delete)
        default:
            index = mark
            return .query(try query())
        }
    }

    mutating func insert() throws(SQLError) -> Insert {
        advance()
        try expect("into")
        let table = try qualifiedName()
        var insert = Insert(table: table, columns: [], returning: [])
        if accept("as") { insert.alias = try name() }
        if peek == .symbol("("), !beginsQuery(ahead: 1), peek(ahead: 1) != .symbol("(") {
            advance()
            repeat {
                let at = token.start
                insert.columns.append((try name(), at))
            } while accept(symbol: ",")
            try expect(symbol: ")")
        }
        if accept("overriding") {
            insert.overridesSystemValue = accept("system")
            if !insert.overridesSystemValue {
                try expect("user")
                insert.overridesUserValue = true
            }
            try expect("value")
        }
        if !accept(["default", "values"]) { insert.query = try query() }
        if isWord("on"), peek(ahead: 1) == .word("conflict") {
            insert.onConflict = try onConflict()
        }
        insert.returning = try returning()
        return insert
    }

    private mutating func onConflict() throws(SQLError) -> Insert.OnConflict {
        var clause = Insert.OnConflict(target: [], at: token.start)
        advance()
        advance()
        if accept(symbol: "(") {
            repeat {
                let at = token.start
                clause.target.append((try name(), at))
            } while accept(symbol: ",")
            try expect(symbol: ")")
            if isWord("where") {
                throw SQLError.unsupported(
                    "a partial index in ON CONFLICT", at: position(clause.at))
            }
        } else if accept(["on", "constraint"]) {
            clause.constraint = try name()
        }
        try expect("do")
        if accept("nothing") { return clause }
        try expect("update")
        try expect("set")
        clause.assignments = try assignments()
        if accept("where") { clause.condition = try expression() }
        return clause
    }

    private mutating func returning() throws(SQLError) -> [Select.Item] {
        guard accept("returning") else { return [] }
        var items: [Select.Item] = []
        repeat { items.append(try selectItem()) } while accept(symbol: ",")
        return items
    }

    /// column = value, (a, b) = (x, y), …
    private mutating func assignments() throws(SQLError) -> [Assignment] {
        var list: [Assignment] = []
        repeat {
            let at = token.start
            guard accept(symbol: "(") else {
                list.append(try assignment(try name(), at))
                continue
            }
            var columns: [(String, Int)] = []
            repeat {
                let at = token.start
                columns.append((try name(), at))
            } while accept(symbol: ",")
            try expect(symbol: ")")
            try expect(symbol: "=")
            _ = accept("row")
            if peek == .symbol("("), beginsQuery(ahead: 1) {
                list += try assignments(columns, at)
                continue
            }
            try expect(symbol: "(")
            var values: [Expression?] = []
            repeat {
                values.append(accept("default") ? nil : try expression())
            } while accept(symbol: ",")
            try expect(symbol: ")")
            guard values.count == columns.count else {
                throw SQLError(
                    .syntaxError, "number of columns does not match number of values",
                    position: position(at))
            }
            for (column, value) in zip(columns, values) {
                list.append(Assignment(column: column.0, value: value, at: column.1))
            }
        } while accept(symbol: ",")
        return list
    }

    /// (a, b) = (SELECT x, y …): each column is given its own of the query's.
    private mutating func assignments(_ columns: [(String, Int)], _ at: Int) throws(SQLError)
        -> [Assignment]
    {
        try expect(symbol: "(")
        let query = try self.query()
        try expect(symbol: ")")
        if case .select(let select) = query.body, !select.items.contains(where: \.isStar),
            select.items.count != columns.count
        {
            throw SQLError(
                .syntaxError, "number of columns does not match number of values",
                position: position(at))
        }
        let names = columns.indices.map { "c\($0 + 1)" }
        let row = TableReference.subquery(
            query, alias: TableAlias(name: "row", columns: names), isLateral: false, at: at)
        return zip(columns, names).map { column, name in
            let item = Select.Item(column: name, at: at)
            let value = Query(body: .select(Select(items: [item], from: [row], at: at)), at: at)
            return Assignment(column: column.0, value: .subquery(value, at: at), at: column.1)
        }
    }

    private mutating func assignment(_ column: String, _ at: Int) throws(SQLError) -> Assignment {
        try expect(symbol: "=")
        if accept("default") { return Assignment(column: column, value: nil, at: at) }
        return Assignment(column: column, value: try expression(), at: at)
    }

    mutating func update() throws(SQLError) -> Update {
        advance()
        _ = accept("only")
        let table = try qualifiedName()
        _ = accept(symbol: "*")
        let alias = try targetAlias()
        try expect("set")
        var update = Update(
            table: table, alias: alias, assignments: try assignments(), from: [], returning: [])
        if accept("from") {
            repeat { update.from.append(try tableReference()) } while accept(symbol: ",")
        }
        if accept("where") { update.condition = try expression() }
        update.returning = try returning()
        return update
    }

    mutating func delete() throws(SQLError) -> Delete {
        advance()
        try expect("from")
        _ = accept("only")
        let table = try qualifiedName()
        _ = accept(symbol: "*")
        var delete = Delete(table: table, alias: try targetAlias(), using: [], returning: [])
        if accept("using") {
            repeat { delete.using.append(try tableReference()) } while accept(symbol: ",")
        }
        if accept("where") { delete.condition = try expression() }
        delete.returning = try returning()
        return delete
    }

    private mutating func targetAlias() throws(SQLError) -> String? {
        if accept("as") { return try name() }
        switch peek {
        case .quoted(let name):
            advance()
            return name
        case .word(let word) where !Keyword.reserved.contains(word) && word != "set":
            advance()
            return word
        default: return nil
        }
    }

    mutating func truncate() throws(SQLError) -> Statement {
        advance()
        _ = accept("table")
        _ = accept("only")
        var names = [try qualifiedName()]
        while accept(symbol: ",") { names.append(try qualifiedName()) }
        let restarts = accept(["restart", "identity"])
        if !restarts { _ = accept(["continue", "identity"]) }
        let cascade = accept("cascade")
        if !cascade { _ = accept("restrict") }
        return .truncate(names, restartsIdentity: restarts, cascade: cascade)
    }
}
