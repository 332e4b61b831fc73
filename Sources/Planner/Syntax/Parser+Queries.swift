import Types

extension Parser {
    mutating func query() throws(SQLError) -> Query {
        try nested { (parser) throws(SQLError) in try parser.queryBody() }
    }

    private mutating func queryBody() throws(SQLError) -> Query {
        let at = token.start
        let (with, isRecursive) = try withClause()
        var query = try setOperations(above: 0)
        query.at = at
        query.with = with + query.with
        query.isRecursive = query.isRecursive || isRecursive
        try tail(&query)
        return query
    }

    /// WITH name AS (…), …; nothing when there is none.
    mutating func withClause() throws(SQLError) -> ([Query.CommonTable], isRecursive: Bool) {
        var with: [Query.CommonTable] = []
        guard accept("with") else { return (with, false) }
        let isRecursive = accept("recursive")
        repeat {
            let start = token.start
            let name = try name()
            let columns = peek == .symbol("(") ? try nameList() : []
            try expect("as")
            if accept("not") { try expect("materialized") } else { _ = accept("materialized") }
            try expect(symbol: "(")
            if isWord("insert") || isWord("update") || isWord("delete") {
                throw SQLError.unsupported(
                    "a data-modifying statement in WITH", at: position(token.start))
            }
            let query = try query()
            try expect(symbol: ")")
            with.append(Query.CommonTable(name: name, columns: columns, query: query, at: start))
        } while accept(symbol: ",")
        return (with, isRecursive)
    }

    /// ORDER BY, LIMIT, OFFSET, FETCH, FOR UPDATE.
    private mutating func tail(_ query: inout Query) throws(SQLError) {
        if accept(["order", "by"]) { query.orderBy = try orderItems() }
        while true {
            if accept("limit") {
                query.limit = accept("all") ? nil : try expression()
            } else if accept("offset") {
                query.offset = try expression()
                if !accept("rows") { _ = accept("row") }
            } else if isWord("fetch") {
                advance()
                if !accept("first") { try expect("next") }
                let at = token.start
                query.limit =
                    isWord("row") || isWord("rows")
                    ? .literal(.integer("1"), at: at) : try expression()
                if !accept("rows") { try expect("row") }
                query.tiesAt = accept(["with", "ties"]) ? at : nil
                if query.tiesAt == nil { try expect("only") }
            } else if let locking = try locking() {
                query.locking += locking
            } else {
                return
            }
        }
    }

    /// FOR UPDATE, FOR SHARE OF t NOWAIT, …; nil when there is none, and nothing for FOR READ ONLY.
    private mutating func locking() throws(SQLError) -> [RowLocking]? {
        let at = token.start
        if accept(["for", "read", "only"]) { return [] }
        guard accept("for") else { return nil }
        var words: [String] = []
        if accept("no") {
            try expect("key")
            try expect("update")
            words = ["no", "key", "update"]
        } else if accept("key") {
            try expect("share")
            words = ["key", "share"]
        } else {
            words = [accept("share") ? "share" : "update"]
            if words == ["update"] { try expect("update") }
        }
        var locking = RowLocking(
            name: "FOR " + words.joined(separator: " ").uppercased(), tables: [], wait: .block,
            at: at)
        if accept("of") {
            repeat {
                let start = token.start
                locking.tables.append((try name(), start))
            } while accept(symbol: ",")
        }
        if accept("nowait") {
            locking.wait = .noWait
        } else if accept(["skip", "locked"]) {
            locking.wait = .skipLocked
        }
        return [locking]
    }

    private mutating func setOperations(above floor: Int) throws(SQLError) -> Query {
        var left = try simpleQuery()
        while case .word(let word) = peek, let operation = QueryBody.SetOperation(rawValue: word) {
            let power = operation == .intersect ? 2 : 1
            guard power > floor else { break }
            let at = token.start
            advance()
            let isAll = accept("all")
            if !isAll { _ = accept("distinct") }
            let right = try setOperations(above: power)
            left = Query(
                body: .operation(operation, isAll: isAll, left, right, at: at), at: left.at)
        }
        return left
    }

    private mutating func simpleQuery() throws(SQLError) -> Query {
        let at = token.start
        if accept(symbol: "(") {
            let query = try query()
            try expect(symbol: ")")
            return query
        }
        if accept("values") { return Query(body: .values(try rows(), at: at), at: at) }
        if accept("table") {
            let name = try qualifiedName()
            return Query(selectingFrom: .table(name.parts, alias: nil, at: name.at), at: at)
        }
        try expect("select")
        return Query(body: .select(try select(at)), at: at)
    }

    private mutating func rows() throws(SQLError) -> [[Expression]] {
        var rows: [[Expression]] = []
        repeat {
            try expect(symbol: "(")
            var row: [Expression] = []
            repeat {
                let at = token.start
                if accept("default") {
                    row.append(.column(["default"], at: at))
                } else {
                    row.append(try expression())
                }
            } while accept(symbol: ",")
            try expect(symbol: ")")
            rows.append(row)
        } while accept(symbol: ",")
        return rows
    }

    private mutating func select(_ at: Int) throws(SQLError) -> Select {
        var select = Select(at: at)
        if accept("distinct") {
            select.distinct = .all
            if accept("on") {
                try expect(symbol: "(")
                select.distinct = .on(try expressionList())
                try expect(symbol: ")")
            }
        } else {
            _ = accept("all")
        }
        if !atSelectEnd {
            repeat { select.items.append(try selectItem()) } while accept(symbol: ",")
        }
        if isWord("into") { throw SQLError.unsupported("SELECT INTO", at: position(token.start)) }
        if accept("from") {
            repeat { select.from.append(try tableReference()) } while accept(symbol: ",")
        }
        if accept("where") { select.condition = try expression() }
        if accept(["group", "by"]) {
            _ = accept("all")
            if accept("distinct") {
                throw SQLError.unsupported("GROUP BY DISTINCT", at: position(token.start))
            }
            repeat { select.groupBy.append(try groupItem()) } while accept(symbol: ",")
        }
        if accept("having") { select.having = try expression() }
        if accept("window") {
            repeat {
                let name = try name()
                try expect("as")
                select.windows[name] = try windowDefinition()
            } while accept(symbol: ",")
        }
        return select
    }

    private mutating func groupItem(withinSets: Bool = false) throws(SQLError) -> GroupItem {
        if isWord("rollup"), peek(ahead: 1) == .symbol("(") {
            advance()
            return .rollup(try groupLists())
        }
        if isWord("cube"), peek(ahead: 1) == .symbol("(") {
            advance()
            return .cube(try groupLists())
        }
        if isWord("grouping"), peek(ahead: 1) == .word("sets") {
            advance()
            advance()
            try expect(symbol: "(")
            var items = [try groupItem(withinSets: true)]
            while accept(symbol: ",") { items.append(try groupItem(withinSets: true)) }
            try expect(symbol: ")")
            return .sets(items)
        }
        if peek == .symbol("("), peek(ahead: 1) == .symbol(")") {
            advance()
            advance()
            return .list([])
        }
        let expression = try expression()
        if case .row(let list, _) = expression { return .list(list) }
        return withinSets ? .list([expression]) : .expression(expression)
    }

    /// ( a, (b, c), … )
    private mutating func groupLists() throws(SQLError) -> [[Expression]] {
        try expect(symbol: "(")
        var lists: [[Expression]] = []
        repeat {
            let expression = try expression()
            if case .row(let list, _) = expression {
                lists.append(list)
            } else {
                lists.append([expression])
            }
        } while accept(symbol: ",")
        try expect(symbol: ")")
        return lists
    }

    /// Whether the select list is empty, as PostgreSQL allows.
    private var atSelectEnd: Bool {
        switch peek {
        case .end, .symbol(";"), .symbol(")"): true
        case .word(let word): ["from", "where", "group", "union", "limit", "order"].contains(word)
        default: false
        }
    }

    mutating func selectItem() throws(SQLError) -> Select.Item {
        let expression = try expression()
        if accept("as") { return Select.Item(expression: expression, alias: try label()) }
        switch peek {
        case .quoted(let name):
            advance()
            return Select.Item(expression: expression, alias: name)
        case .word(let word)
        where !Keyword.reserved.contains(word) && !Keyword.notBareLabel.contains(word)
            && !["cross", "join", "inner", "left", "right", "full", "natural"].contains(word):
            advance()
            return Select.Item(expression: expression, alias: word)
        default: return Select.Item(expression: expression, alias: nil)
        }
    }

    // MARK: - FROM

    mutating func tableReference() throws(SQLError) -> TableReference {
        var left = try tablePrimary()
        while let join = try joinTail(left) { left = join }
        return left
    }

    private mutating func joinTail(_ left: TableReference) throws(SQLError) -> TableReference? {
        let at = token.start
        if accept(["cross", "join"]) {
            return .join(.cross, left, try tablePrimary(), .none, at: at)
        }
        let isNatural = accept("natural")
        var kind = TableReference.JoinKind.inner
        if accept("left") {
            kind = .left
        } else if accept("right") {
            kind = .right
        } else if accept("full") {
            kind = .full
        } else if accept("inner") {
            kind = .inner
        } else if !isWord("join") {
            if isNatural { throw unexpected() }
            return nil
        }
        if kind != .inner { _ = accept("outer") }
        try expect("join")
        if isNatural { return .join(kind, left, try tablePrimary(), .natural, at: at) }
        var right = try tablePrimary()
        // a JOIN b JOIN c ON … ON …: the inner join belongs to the right side.
        while !isWord("on"), !isWord("using"), let nestedJoin = try joinTail(right) {
            right = nestedJoin
        }
        if accept("on") { return .join(kind, left, right, .on(try expression()), at: at) }
        try expect("using")
        let names = try nameList()
        let alias = accept("as") ? try self.name() : nil
        return .join(kind, left, right, .using(names, alias: alias), at: at)
    }

    private mutating func tablePrimary() throws(SQLError) -> TableReference {
        let at = token.start
        if accept(symbol: "(") {
            if beginsQuery() || peek == .symbol("(") {
                let mark = index
                if let query = try? query(), accept(symbol: ")") {
                    return .subquery(query, alias: try tableAlias(), isLateral: false, at: at)
                }
                index = mark
                if !(peek == .symbol("(")) { _ = try query() }
            }
            let inner = try tableReference()
            guard case .join = inner else { throw unexpected() }
            try expect(symbol: ")")
            guard let alias = try tableAlias() else { return inner }
            // Names within are hidden behind the alias, as by a subquery.
            return .subquery(
                Query(selectingFrom: inner, at: at), alias: alias, isLateral: false, at: at)
        }
        if accept("lateral") {
            if accept(symbol: "(") {
                let query = try query()
                try expect(symbol: ")")
                return .subquery(query, alias: try tableAlias(), isLateral: true, at: at)
            }
            return try tableFunction(try qualifiedName(), at)
        }
        _ = accept("only")
        let name = try qualifiedName()
        if peek == .symbol("(") { return try tableFunction(name, at) }
        _ = accept(symbol: "*")
        return .table(name.parts, alias: try tableAlias(), at: at)
    }

    private mutating func tableFunction(_ name: QualifiedName, _ at: Int) throws(SQLError)
        -> TableReference
    {
        let call = try call(name.parts, at)
        let withOrdinality = accept(["with", "ordinality"])
        return .function(call, alias: try tableAlias(), withOrdinality: withOrdinality)
    }

    private mutating func tableAlias() throws(SQLError) -> TableAlias? {
        let name: String
        if accept("as") {
            name = try self.name()
        } else {
            switch peek {
            case .quoted(let quoted):
                name = quoted
                advance()
            case .word(let word)
            where !Keyword.reserved.contains(word) && !Keyword.functionOrType.contains(word)
                && !["emit"].contains(word):
                name = word
                advance()
            default: return nil
            }
        }
        var columns: [String] = []
        if accept(symbol: "(") {
            repeat {
                columns.append(try self.name())
                // Column types of a function's record: only the names matter.
                if peek != .symbol(","), peek != .symbol(")") { _ = try typeName() }
            } while accept(symbol: ",")
            try expect(symbol: ")")
        }
        return TableAlias(name: name, columns: columns)
    }
}
