import Types

/// CREATE TABLE and what stands between its parentheses.
extension Parser {
    mutating func createTable() throws(SQLError) -> CreateTable {
        let ifNotExists = ifNotExists()
        var table = CreateTable(
            name: try qualifiedName(), elements: TableElements(), ifNotExists: ifNotExists)
        if peek == .symbol("("), !isColumnNameList { table.elements = try tableElements() }
        var columns: [String] = []
        let mark = index
        if peek == .symbol("(") { columns = try nameList() }
        table.connector = try connectorClause()
        if accept("as") {
            let query = try query()
            let withData = !accept(["with", "no", "data"])
            if withData { _ = accept(["with", "data"]) }
            table.source = (query, columns, withData)
        } else if !columns.isEmpty {
            index = mark + 2
            throw unexpected()
        }
        return table
    }

    /// INCLUDE …, ON CONFLICT …, WITH (…), FORMAT …, ENCODE …: each may be missing.
    mutating func connectorClause() throws(SQLError) -> ConnectorClause {
        var clause = ConnectorClause()
        if isWord("append"), peek(ahead: 1) == .word("only") {
            advance()
            advance()
        }
        if isWord("on"), peek(ahead: 1) == .word("conflict") {
            let at = position(token.start)
            advance()
            advance()
            let policies = [
                ["overwrite"], ["do", "update", "full"], ["do", "update", "if", "not", "null"],
                ["ignore"], ["do", "nothing"],
            ]
            for policy in policies where clause.conflict == nil && accept(policy) {
                clause.conflict = (policy.joined(separator: " "), at)
            }
            if clause.conflict == nil { throw unexpected() }
        }
        while isWord("include") {
            let at = position(token.start)
            advance()
            let part = try label()
            let name = accept("as") ? try self.name() : nil
            clause.includes.append(.init(part: part, name: name, at: at))
        }
        if isWord("with"), peek(ahead: 1) == .symbol("(") { clause.options = try withOptions() }
        if accept("format") { clause.format = try label() }
        if accept("encode") { clause.encode = try label() }
        if clause.encode != nil, peek == .symbol("(") {
            throw SQLError.unsupported("format options", at: position(token.start))
        }
        return clause
    }

    /// Whether ( a, b, … ) AS follows: names without types.
    private var isColumnNameList: Bool {
        switch peek(ahead: 2) {
        case .symbol(","), .symbol(")"): true
        default: false
        }
    }

    /// [UNIQUE] INDEX [CONCURRENTLY] [[IF NOT EXISTS] name] ON relation [USING method] (column, …) [INCLUDE (…)]
    mutating func createIndex() throws(SQLError) -> Statement {
        let isUnique = accept("unique")
        try expect("index")
        _ = accept("concurrently")
        let ifNotExists = ifNotExists()
        let name = isWord("on") ? nil : try self.name()
        try expect("on")
        _ = accept("only")
        let relation = try qualifiedName()
        if accept("using") {
            let at = token.start
            let method = try self.name()
            guard method == "btree" || method == "hash" else {
                throw SQLError.unsupported("an index by \(method)", at: position(at))
            }
        }
        try expect(symbol: "(")
        var columns: [(name: String, at: Int)] = []
        repeat {
            let at = token.start
            guard peek != .symbol("("), peek(ahead: 1) != .symbol("(") else {
                throw SQLError.unsupported("an index on an expression", at: position(at))
            }
            columns.append((try self.name(), at))
            if !accept("asc") { _ = accept("desc") }
            if accept("nulls"), !accept("first") { try expect("last") }
        } while accept(symbol: ",")
        try expect(symbol: ")")
        // Rows are read whole: there is nothing to add.
        if accept("include") { _ = try nameList() }
        let nullsAt = token.start
        if accept(["nulls", "not", "distinct"]) {
            throw SQLError.unsupported("NULLS NOT DISTINCT", at: position(nullsAt))
        }
        _ = accept(["nulls", "distinct"])
        if isWord("where") {
            throw SQLError.unsupported("a partial index", at: position(token.start))
        }
        return .createIndex(
            CreateIndex(
                name: name, relation: relation, columns: columns, isUnique: isUnique,
                ifNotExists: ifNotExists))
    }

    mutating func tableElements() throws(SQLError) -> TableElements {
        var elements = TableElements()
        try expect(symbol: "(")
        if accept(symbol: ")") { return elements }
        repeat {
            let constraint = accept("constraint") ? try name() : nil
            let at = token.start
            if accept(["primary", "key"]) {
                elements.primaryKey += try keyColumns()
                elements.primaryKeyName = constraint
            } else if isWord("unique") {
                advance()
                elements.uniques.append(
                    UniqueConstraint(name: constraint, columns: try keyColumns()))
            } else if accept("check") {
                elements.checks.append(
                    CheckConstraint(name: constraint, condition: try parenthesized()))
            } else if isWord("watermark"), peek(ahead: 1) == .word("for") {
                advance()
                advance()
                let column = try name()
                try expect("as")
                elements.watermark = (column, try storedExpression())
            } else if isWord("foreign") || isWord("exclude") || isWord("like") {
                let near = String(decoding: bytes[token.start..<token.end], as: UTF8.self)
                throw SQLError.unsupported("\(near.uppercased()) in a table", at: position(at))
            } else {
                elements.columns.append(try columnDefinition())
            }
        } while accept(symbol: ",")
        try expect(symbol: ")")
        return elements
    }

    mutating func keyColumns() throws(SQLError) -> [(name: String, at: Int)] {
        var columns: [(name: String, at: Int)] = []
        try expect(symbol: "(")
        repeat {
            let start = token.start
            columns.append((try name(), start))
        } while accept(symbol: ",")
        try expect(symbol: ")")
        return columns
    }

    private mutating func parenthesized() throws(SQLError) -> StoredExpression {
        try expect(symbol: "(")
        let stored = try storedExpression()
        try expect(symbol: ")")
        return stored
    }

    /// An expression with its own text.
    private mutating func storedExpression() throws(SQLError) -> StoredExpression {
        let start = token.start
        let expression = try expression()
        return StoredExpression(
            expression: expression,
            text: String(decoding: bytes[start..<previousEnd], as: UTF8.self))
    }

    private mutating func columnDefinition() throws(SQLError) -> ColumnDefinition {
        let at = token.start
        let name = try name()
        var column = ColumnDefinition(name: name, type: try typeName(), at: at)
        while try columnConstraint(&column) {}
        return column
    }

    private mutating func columnConstraint(_ column: inout ColumnDefinition) throws(SQLError)
        -> Bool
    {
        let constraint = accept("constraint") ? try name() : nil
        if accept(["not", "null"]) {
            column.isNotNull = true
        } else if accept("null") {
            return true
        } else if accept(["primary", "key"]) {
            column.isPrimaryKey = true
            column.primaryKeyName = constraint
        } else if accept("unique") {
            column.isUnique = true
            column.uniqueName = constraint
        } else if accept("collate") {
            _ = try qualifiedName()
        } else if accept("default") {
            column.defaultValue = try storedExpression()
        } else if accept("check") {
            column.checks.append(
                CheckConstraint(name: constraint, condition: try parenthesized()))
        } else if isWord("generated") {
            try generated(&column)
        } else if isWord("references") {
            throw SQLError.unsupported("REFERENCES of a column", at: position(token.start))
        } else {
            if constraint != nil { throw unexpected() }
            return false
        }
        return true
    }

    /// GENERATED ALWAYS AS (…) STORED, GENERATED … AS IDENTITY
    private mutating func generated(_ column: inout ColumnDefinition) throws(SQLError) {
        advance()
        let isAlways = accept("always")
        if !isAlways {
            try expect("by")
            try expect("default")
        }
        try expect("as")
        if accept("identity") {
            column.identity = isAlways ? .always : .byDefault
            column.isNotNull = true
            if accept(symbol: "(") {
                column.sequence = try sequenceOptions()
                try expect(symbol: ")")
            }
            return
        }
        column.generated = try parenthesized()
        try expect("stored")
    }
}
