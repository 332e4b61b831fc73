package import Types

/// A recursive-descent parser for PostgreSQL's syntax and the streaming statements.
///
/// Syntax only: names and types are the binder's. Errors are 42601 and point at the offending token.
package struct Parser {
    let text: String
    let bytes: [UInt8]
    let tokens: [Token]
    var index = 0
    var depth = 0
    /// Nesting of expressions and queries that a statement may have.
    static let maximumDepth = 400

    /// Operators that one expression may have in a row: each makes the tree one deeper.
    static let maximumChain = 10_000

    init(text: String, tokens: [Token]) {
        self.text = text
        bytes = Array(text.utf8)
        self.tokens = tokens
    }

    /// Each statement of a text, with its own part of the text; empty statements are left out.
    package static func statements(_ text: String) throws(SQLError) -> [(
        statement: Statement, text: String
    )] {
        var parser = Parser(text: text, tokens: try Lexer.tokens(text))
        var list: [(statement: Statement, text: String)] = []
        while true {
            while parser.accept(symbol: ";") {}
            if parser.peek == .end { return list }
            let start = parser.token.start
            let statement = try parser.statement()
            let end = parser.previousEnd
            list.append((statement, String(decoding: parser.bytes[start..<end], as: UTF8.self)))
            if parser.peek != .end, parser.peek != .symbol(";") { throw parser.unexpected() }
        }
    }

    /// A whole text that is one expression.
    package static func expression(_ text: String) throws(SQLError) -> Expression {
        var parser = Parser(text: text, tokens: try Lexer.tokens(text))
        let expression = try parser.expression()
        guard parser.peek == .end else { throw parser.unexpected() }
        return expression
    }

    /// A whole text that is the name of a type.
    static func type(_ text: String) throws(SQLError) -> TypeName {
        var parser = Parser(text: text, tokens: try Lexer.tokens(text))
        let name = try parser.typeName()
        guard parser.peek == .end else { throw parser.unexpected() }
        return name
    }

    /// A whole text that is one query.
    package static func query(_ text: String) throws(SQLError) -> Query {
        var parser = Parser(text: text, tokens: try Lexer.tokens(text))
        let query = try parser.query()
        guard parser.peek == .end else { throw parser.unexpected() }
        return query
    }

    // MARK: - Tokens

    var token: Token { tokens[index] }
    var peek: Token.Kind { tokens[index].kind }
    var previousEnd: Int { index > 0 ? tokens[index - 1].end : 0 }

    func peek(ahead: Int) -> Token.Kind { tokens[min(index + ahead, tokens.count - 1)].kind }

    mutating func advance() { if index < tokens.count - 1 { index += 1 } }

    /// The position that errors at a byte offset carry.
    func position(_ offset: Int) -> Int { Lexer.position(bytes, offset) }

    func unexpected() -> SQLError {
        if peek == .end {
            return SQLError(
                .syntaxError, "syntax error at end of input", position: position(bytes.count))
        }
        let near = String(decoding: bytes[token.start..<token.end], as: UTF8.self)
        return SQLError(
            .syntaxError, "syntax error at or near \"\(near)\"", position: position(token.start))
    }

    func isWord(_ word: String) -> Bool { peek == .word(word) }

    /// Whether a query begins there, parentheses aside.
    func beginsQuery(ahead: Int = 0) -> Bool {
        ["select", "with", "values", "table"].contains { peek(ahead: ahead) == .word($0) }
    }

    /// Whether a query follows, which may begin with parentheses: `(SELECT 1) UNION SELECT 2` is one,
    /// `(SELECT 1) + 1` is none. What is behind the first parenthesis tells.
    func queryFollows() -> Bool {
        if beginsQuery() { return true }
        var ahead = 0
        while peek(ahead: ahead) == .symbol("(") { ahead += 1 }
        guard ahead > 0, beginsQuery(ahead: ahead) else { return false }
        var depth = ahead
        while depth > 0 {
            switch peek(ahead: ahead) {
            case .symbol("("): depth += 1
            case .symbol(")"): depth -= 1
            case .end: return false
            default: break
            }
            ahead += 1
        }
        guard case .word(let word) = peek(ahead: ahead) else { return false }
        return ["union", "intersect", "except", "order", "limit", "offset", "fetch"].contains(word)
    }

    mutating func accept(_ word: String) -> Bool {
        guard peek == .word(word) else { return false }
        advance()
        return true
    }

    /// Accepts a run of words, or nothing.
    mutating func accept(_ words: [String]) -> Bool {
        for (offset, word) in words.enumerated() where peek(ahead: offset) != .word(word) {
            return false
        }
        for _ in words { advance() }
        return true
    }

    mutating func expect(_ word: String) throws(SQLError) {
        guard accept(word) else { throw unexpected() }
    }

    mutating func accept(symbol: String) -> Bool {
        guard peek == .symbol(symbol) else { return false }
        advance()
        return true
    }

    mutating func expect(symbol: String) throws(SQLError) {
        guard accept(symbol: symbol) else { throw unexpected() }
    }

    /// Guards recursion: a statement that nests too deeply is refused, not a crash.
    mutating func nested<Result>(_ body: (inout Parser) throws(SQLError) -> Result) throws(SQLError)
        -> Result
    {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Parser.maximumDepth else {
            throw SQLError(
                .statementTooComplex, "stack depth limit exceeded",
                hint: "Nest expressions and subqueries less than \(Parser.maximumDepth) deep.")
        }
        return try body(&self)
    }

    // MARK: - Names

    /// A name: a quoted identifier or a word that is not reserved.
    mutating func name() throws(SQLError) -> String {
        switch peek {
        case .quoted(let name):
            advance()
            return name
        case .word(let word)
        where !Keyword.reserved.contains(word) && !Keyword.functionOrType.contains(word):
            advance()
            return word
        default: throw unexpected()
        }
    }

    /// A name after a dot or AS: any word.
    mutating func label() throws(SQLError) -> String {
        switch peek {
        case .quoted(let name), .word(let name):
            advance()
            return name
        default: throw unexpected()
        }
    }

    mutating func qualifiedName() throws(SQLError) -> QualifiedName {
        let at = token.start
        var parts = [try name()]
        while peek == .symbol("."), parts.count < 4 {
            advance()
            parts.append(try label())
        }
        return QualifiedName(parts: parts, at: at)
    }

    /// ( name, name, … )
    mutating func nameList() throws(SQLError) -> [String] {
        try expect(symbol: "(")
        var names = [try name()]
        while accept(symbol: ",") { names.append(try name()) }
        try expect(symbol: ")")
        return names
    }

    mutating func ifNotExists() -> Bool { accept(["if", "not", "exists"]) }

    // MARK: - Types

    mutating func typeName() throws(SQLError) -> TypeName {
        let at = token.start
        var name: String
        switch peek {
        case .quoted(let quoted): name = quoted == "char" ? Parser.byteType : quoted
        case .word(let word) where !Keyword.reserved.contains(word): name = word
        default: throw unexpected()
        }
        advance()
        while accept(symbol: ".") {
            let isQuoted = if case .quoted = peek { true } else { false }
            name = try label()
            if isQuoted, name == "char" { name = Parser.byteType }
        }
        switch name {
        case "double": if accept("precision") { name = "double precision" }
        case "character", "char": name = accept("varying") ? "varchar" : "char"
        default: break
        }
        var modifiers: [Int] = []
        if accept(symbol: "(") {
            repeat {
                let isNegative =
                    ["numeric", "decimal", "dec"].contains(name) && accept(symbol: "-")
                guard case .integer(let digits) = peek, let value = Int(digits) else {
                    throw unexpected()
                }
                modifiers.append(isNegative ? -value : value)
                advance()
            } while accept(symbol: ",")
            try expect(symbol: ")")
        }
        if name == "timestamp" || name == "time" {
            if accept(["with", "time", "zone"]) { name += "tz" }
            _ = accept(["without", "time", "zone"])
        }
        var fields: String?
        if name == "interval", modifiers.isEmpty {
            fields = try intervalFields()
            if fields?.hasSuffix("second") == true { modifiers = try intervalDigits() }
        }
        var isArray = false
        while try acceptDimension() { isArray = true }
        if accept("array") {
            isArray = true
            _ = try acceptDimension()
        }
        return TypeName(
            name: name, modifiers: modifiers, fields: fields, isArray: isArray, at: at)
    }

    /// `[]` or `[n]` behind a type; the size means nothing, as in PostgreSQL.
    private mutating func acceptDimension() throws(SQLError) -> Bool {
        guard accept(symbol: "[") else { return false }
        if case .integer = peek { advance() }
        try expect(symbol: "]")
        return true
    }

    /// The type of one byte, which only quotes tell from char.
    private static let byteType = "\"char\""

    /// YEAR, DAY TO SECOND, … behind INTERVAL; nil when there is nothing of the kind.
    mutating func intervalFields() throws(SQLError) -> String? {
        let units = ["year", "month", "day", "hour", "minute", "second"]
        guard case .word(let first) = peek, units.contains(first) else { return nil }
        advance()
        guard isWord("to") else { return first }
        advance()
        guard case .word(let last) = peek,
            IntervalFields.modifier(fields: "\(first) to \(last)", digits: nil) != nil
        else { throw unexpected() }
        advance()
        return "\(first) to \(last)"
    }

    /// (3) behind SECOND.
    mutating func intervalDigits() throws(SQLError) -> [Int] {
        guard accept(symbol: "(") else { return [] }
        guard case .integer(let text) = peek, let digits = Int(text) else { throw unexpected() }
        advance()
        try expect(symbol: ")")
        return [digits]
    }
}
