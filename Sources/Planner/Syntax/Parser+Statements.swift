import Types

extension Parser {
    mutating func statement() throws(SQLError) -> Statement {
        let at = token.start
        guard case .word(let word) = peek else {
            if peek == .symbol("(") { return .query(try query()) }
            throw unexpected()
        }
        switch word {
        case "select", "values", "table": return .query(try query())
        case "with": return try withStatement()
        case "insert": return .insert(try insert())
        case "update": return .update(try update())
        case "delete": return .delete(try delete())
        case "truncate": return try truncate()
        case "copy": return .copy(try copy())
        case "alter": return try alter(at)
        case "comment": return try comment(at)
        case "savepoint":
            advance()
            return .savepoint(try name())
        case "release":
            advance()
            _ = accept("savepoint")
            return .releaseSavepoint(try name())
        case "create": return try create()
        case "drop": return try drop()
        case "begin", "start":
            advance()
            if word == "start" {
                try expect("transaction")
            } else if !accept("transaction") {
                _ = accept("work")
            }
            return .begin(
                try transactionModes(), tag: word == "start" ? "START TRANSACTION" : "BEGIN")
        case "commit", "end":
            advance()
            if !accept("transaction") { _ = accept("work") }
            return .commit(at: at, chains: try chain())
        case "rollback", "abort":
            advance()
            if !accept("transaction") { _ = accept("work") }
            if accept("to") {
                _ = accept("savepoint")
                return .rollbackTo(try name())
            }
            return .rollback(at: at, chains: try chain())
        case "set": return try set()
        case "show":
            advance()
            return .show(name: try settingName())
        case "reset":
            advance()
            return .reset(name: accept("all") ? nil : try settingName())
        case "explain": return try explain()
        case "prepare": return try prepare()
        case "execute": return try execute()
        case "deallocate":
            advance()
            _ = accept("prepare")
            return .deallocate(name: accept("all") ? nil : try name())
        case "discard":
            advance()
            if accept("all") { return .discard(.all) }
            if accept("plans") { return .discard(.plans) }
            if accept("sequences") { return .discard(.sequences) }
            if accept("temp") || accept("temporary") { return .discard(.temporary) }
            throw unexpected()
        default: return try otherStatement(word, at)
        }
    }

    /// Statements that PostgreSQL has and we do not carry out yet; anything else is a syntax error.
    private mutating func otherStatement(_ word: String, _ at: Int) throws(SQLError) -> Statement {
        let known: Set<String> = [
            "merge", "grant", "revoke",
            "declare", "fetch", "move", "close",
            "listen", "notify", "unlisten", "vacuum", "analyze", "cluster", "reindex", "refresh",
            "lock", "call", "do", "checkpoint", "import", "security", "reassign", "load", "flush",
        ]
        guard known.contains(word) else { throw unexpected() }
        return try unsupported(word.uppercased(), at)
    }

    mutating func unsupported(_ what: String, _ at: Int) throws(SQLError) -> Statement {
        while peek != .end, peek != .symbol(";") { advance() }
        return .unsupported(what, at: position(at))
    }

    /// AND [NO] CHAIN.
    private mutating func chain() throws(SQLError) -> Bool {
        guard accept("and") else { return false }
        let isNegated = accept("no")
        try expect("chain")
        return !isNegated
    }

    private mutating func transactionModes() throws(SQLError) -> TransactionModes {
        var modes = TransactionModes()
        while true {
            if accept("isolation") {
                try expect("level")
                modes.isolation = try isolationLevel()
            } else if accept("read") {
                modes.isReadOnly = accept("only")
                if modes.isReadOnly == false { try expect("write") }
            } else if accept("not") {
                try expect("deferrable")
            } else if !accept("deferrable") {
                return modes
            }
            if accept(symbol: ","),
                !["isolation", "read", "not", "deferrable"].contains(where: isWord)
            {
                throw unexpected()
            }
        }
    }

    private mutating func isolationLevel() throws(SQLError) -> String {
        if accept("serializable") { return "serializable" }
        if accept("repeatable") {
            try expect("read")
            return "repeatable read"
        }
        try expect("read")
        if accept("uncommitted") { return "read uncommitted" }
        try expect("committed")
        return "read committed"
    }

    // MARK: - SET, SHOW, EXPLAIN

    private mutating func settingName() throws(SQLError) -> String {
        if accept(["time", "zone"]) { return "timezone" }
        if accept(["transaction", "isolation", "level"]) { return "transaction_isolation" }
        if accept(["session", "authorization"]) { return "session_authorization" }
        var name = try label()
        while accept(symbol: ".") { name += "." + (try label()) }
        return name.lowercased()
    }

    private mutating func set() throws(SQLError) -> Statement {
        advance()
        if accept(["session", "characteristics", "as", "transaction"]) {
            return .setTransaction(try transactionModes(), isSession: true)
        }
        if accept("transaction") {
            return .setTransaction(try transactionModes(), isSession: false)
        }
        let isLocal = accept("local")
        if !isLocal { _ = accept("session") }
        if accept("names") {
            return .set(name: "client_encoding", value: try settingValue(), isLocal: isLocal)
        }
        let name = try settingName()
        if name != "timezone" || isWord("to") || peek == .symbol("=") {
            if !accept("to") { try expect(symbol: "=") }
        }
        if name == "timezone", isWord("interval"), case .string = peek(ahead: 1) {
            return .set(name: name, value: try zoneInterval(), isLocal: isLocal)
        }
        return .set(name: name, value: try settingValue(), isLocal: isLocal)
    }

    /// INTERVAL '-08:15' HOUR TO MINUTE as the name of a zone.
    private mutating func zoneInterval() throws(SQLError) -> String {
        let at = token.start
        advance()
        guard case .string(let text) = peek else { throw unexpected() }
        advance()
        let fields = try intervalFields()
        let digits = fields?.hasSuffix("second") == true ? try intervalDigits().first : nil
        let type = DataType(
            .interval, modifier: IntervalFields.modifier(fields: fields, digits: digits) ?? -1)
        let value = try TextEncoding.parse(Array(text.utf8), type)
        guard case .interval(let interval) = value, interval.months == 0, interval.days == 0,
            abs(interval.microseconds) < 604_800_000_000
        else {
            throw SQLError(
                .invalidParameterValue,
                "invalid value for parameter \"TimeZone\": \"\(text)\"",
                hint: "An interval of less than a week, without months and days, is needed.",
                position: position(at))
        }
        return TimeZones.east(seconds: Int(interval.microseconds / 1_000_000)).name
    }

    private mutating func settingValue() throws(SQLError) -> String? {
        if accept("default") { return nil }
        var parts: [String] = []
        repeat {
            let isNegative = accept(symbol: "-")
            switch peek {
            case .string(let text), .integer(let text), .decimal(let text), .word(let text),
                .quoted(let text):
                parts.append((isNegative ? "-" : "") + text)
            default: throw unexpected()
            }
            advance()
        } while accept(symbol: ",")
        return parts.joined(separator: ", ")
    }

    private mutating func explain() throws(SQLError) -> Statement {
        let at = token.start
        advance()
        var isAnalyze = false
        if accept(symbol: "(") {
            repeat {
                let option = try label()
                if option == "analyze" { isAnalyze = !accept("false") && !accept("off") }
                while peek != .symbol(","), peek != .symbol(")") {
                    if peek == .end { throw unexpected() }
                    advance()
                }
            } while accept(symbol: ",")
            try expect(symbol: ")")
        } else {
            isAnalyze = accept("analyze")
            _ = accept("verbose")
        }
        if accept(["materialized", "view"]) { return .explainView(try qualifiedName()) }
        switch try statement() {
        case .query(let query): return .explain(.query(query), isAnalyze: isAnalyze)
        case .createView(let view): return .explain(.createView(view), isAnalyze: isAnalyze)
        case .insert(let insert): return .explain(.insert(insert), isAnalyze: isAnalyze)
        case .update(let update): return .explain(.update(update), isAnalyze: isAnalyze)
        case .delete(let delete): return .explain(.delete(delete), isAnalyze: isAnalyze)
        default: throw SQLError.unsupported("EXPLAIN of this statement", at: position(at))
        }
    }

    // MARK: - CREATE and DROP

    private mutating func create() throws(SQLError) -> Statement {
        let at = token.start
        advance()
        let orReplace = accept(["or", "replace"])
        if accept("table") { return .createTable(try createTable()) }
        if accept("source") { return .createSource(try createSource()) }
        if accept("topic") {
            let ifNotExists = ifNotExists()
            let name = try qualifiedName()
            return .createTopic(
                CreateTopic(name: name, options: try withOptions(), ifNotExists: ifNotExists))
        }
        if accept(["materialized", "view"]) {
            return .createView(try createView(materialized: true, orReplace))
        }
        if accept("view") { return .createView(try createView(materialized: false, orReplace)) }
        if accept("sequence") { return try createSequence() }
        if isWord("index") || isWord("unique") { return try createIndex() }
        if accept("schema") {
            let ifNotExists = ifNotExists()
            return .createSchema(try self.name(), ifNotExists: ifNotExists)
        }
        guard case .word(let word) = peek, peek != .end else { throw unexpected() }
        let known: Set<String> = [
            "schema", "sequence", "type", "function", "procedure", "role",
            "user",
            "database", "temporary", "temp", "unlogged", "trigger", "rule", "extension", "domain",
            "aggregate", "sink", "connection", "secret", "subscription", "publication", "policy",
            "collation", "cast", "operator", "recursive", "global", "local", "foreign", "server",
            "statistics", "language", "event", "access", "conversion", "tablespace", "group",
            "text",
        ]
        guard known.contains(word) else { throw unexpected() }
        return try unsupported("CREATE \(word.uppercased())", at)
    }

    /// WITH ( name = value, … ); names may have dots.
    mutating func withOptions() throws(SQLError) -> [OptionItem] {
        var options: [OptionItem] = []
        guard accept("with") else { return options }
        try expect(symbol: "(")
        repeat {
            let at = token.start
            var name = try label()
            while accept(symbol: ".") { name += "." + (try label()) }
            try expect(symbol: "=")
            let isNegative = accept(symbol: "-")
            switch peek {
            case .string(let text), .integer(let text), .decimal(let text), .word(let text):
                options.append(
                    OptionItem(name: name, value: (isNegative ? "-" : "") + text, at: position(at)))
            default: throw unexpected()
            }
            advance()
        } while accept(symbol: ",")
        try expect(symbol: ")")
        return options
    }

    private mutating func createSource() throws(SQLError) -> CreateSource {
        let ifNotExists = ifNotExists()
        let name = try qualifiedName()
        let elements = peek == .symbol("(") ? try tableElements() : TableElements()
        return CreateSource(
            name: name, elements: elements, connector: try connectorClause(),
            ifNotExists: ifNotExists)
    }

    private mutating func createView(materialized: Bool, _ orReplace: Bool) throws(SQLError)
        -> CreateView
    {
        let ifNotExists = ifNotExists()
        let name = try qualifiedName()
        let columns = peek == .symbol("(") ? try nameList() : []
        var options = try withOptions()
        try expect("as")
        let start = token.start
        let query = try query()
        let text = String(decoding: bytes[start..<previousEnd], as: UTF8.self)
        if isWord("emit") {
            throw SQLError.unsupported("EMIT ON WINDOW CLOSE", at: position(token.start))
        }
        if isWord("with"), peek(ahead: 1) == .symbol("(") { options += try withOptions() }
        if accept(["with", "no", "data"]) {
            throw SQLError.unsupported("WITH NO DATA", at: position(start))
        }
        _ = accept(["with", "data"])
        return CreateView(
            name: name, columns: columns, query: query, text: text, isMaterialized: materialized,
            orReplace: orReplace, ifNotExists: ifNotExists, options: options)
    }

    private mutating func drop() throws(SQLError) -> Statement {
        let at = token.start
        advance()
        let kind: Drop.Kind
        if accept(["materialized", "view"]) {
            kind = .materializedView
        } else if case .word(let word) = peek, let found = Drop.Kind(rawValue: word) {
            kind = found
            advance()
        } else {
            let known: Set<String> = [
                "sequence", "type", "function", "procedure", "role", "user", "database", "trigger",
                "rule",
                "extension", "domain", "aggregate", "sink", "connection", "secret", "subscription",
                "publication", "policy", "collation", "cast", "operator", "foreign", "server",
                "statistics",
                "language", "event", "access", "conversion", "tablespace", "group", "owned",
                "routine",
            ]
            guard case .word(let word) = peek, known.contains(word) else { throw unexpected() }
            return try unsupported("DROP \(word.uppercased())", at)
        }
        if kind == .index { _ = accept("concurrently") }
        let ifExists = accept(["if", "exists"])
        var names = [try qualifiedName()]
        while accept(symbol: ",") { names.append(try qualifiedName()) }
        let cascade = accept("cascade")
        if !cascade { _ = accept("restrict") }
        return .drop(Drop(kind: kind, names: names, ifExists: ifExists, cascade: cascade))
    }
}
