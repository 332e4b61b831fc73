import Types

extension Parser {
    /// Binding powers, weakest first (PostgreSQL's operator precedence).
    private enum Power {
        static let or = 1
        static let and = 2
        static let not = 3
        static let isTest = 4
        static let comparison = 5
        static let pattern = 6
        static let other = 7
        static let sum = 8
        static let product = 9
        static let power = 10
        static let zone = 11
        static let collate = 12
        static let sign = 13
    }

    mutating func expression() throws(SQLError) -> Expression { try expression(above: 0) }

    private mutating func expression(above floor: Int) throws(SQLError) -> Expression {
        try nested { (parser) throws(SQLError) in
            var left = try parser.prefix()
            var links = 0
            while let next = try parser.infix(left, above: floor) {
                left = next
                links += 1
                guard links <= Parser.maximumChain else {
                    throw SQLError(
                        .statementTooComplex, "stack depth limit exceeded",
                        hint: "Use at most \(Parser.maximumChain) operators in a row.")
                }
            }
            return left
        }
    }

    private mutating func prefix() throws(SQLError) -> Expression {
        let at = token.start
        if accept("not") { return .not(try expression(above: Power.not - 1), at: at) }
        if case .symbol(let symbol) = peek, symbol == "-" || symbol == "+" {
            advance()
            return .unary(symbol, try expression(above: Power.sign), at: at)
        }
        if case .symbol(let symbol) = peek, ["~", "@", "|/", "||/", "!!"].contains(symbol) {
            advance()
            return .unary(symbol, try expression(above: Power.other), at: at)
        }
        return try postfix(try primary())
    }

    private mutating func postfix(_ start: Expression) throws(SQLError) -> Expression {
        var value = start
        while true {
            let at = token.start
            if accept(symbol: "::") {
                value = .cast(value, try typeName(), at: at)
            } else if peek == .symbol("[") {
                var subscripts: [Subscript] = []
                while accept(symbol: "[") { subscripts.append(try arraySubscript()) }
                value = .subscript_(value, subscripts, at: at)
            } else {
                return value
            }
        }
    }

    /// The rest of [index] or [lower:upper].
    private mutating func arraySubscript() throws(SQLError) -> Subscript {
        var item = Subscript(lower: nil, upper: nil, isSlice: false)
        if peek != .symbol(":") { item.lower = try expression() }
        if accept(symbol: ":") {
            item.isSlice = true
            if peek != .symbol("]") { item.upper = try expression() }
        }
        try expect(symbol: "]")
        return item
    }

    /// The expression that continues `left`, or nil when the next token binds no tighter than
    /// `floor`.
    private mutating func infix(_ left: Expression, above floor: Int) throws(SQLError)
        -> Expression?
    {
        let at = token.start
        switch peek {
        case .word(let word): return try wordInfix(word, left, floor, at)
        case .symbol(let symbol): return try symbolInfix(symbol, left, floor, at)
        default: return nil
        }
    }

    private mutating func symbolInfix(_ symbol: String, _ left: Expression, _ floor: Int, _ at: Int)
        throws(SQLError) -> Expression?
    {
        let power: Int
        switch symbol {
        case "=", "<", ">", "<=", ">=", "<>": power = Power.comparison
        case "+", "-": power = Power.sum
        case "*", "/", "%": power = Power.product
        case "^": power = Power.power
        case "(", ")", ",", ";", "[", "]", ".", ":", "::", ":=", "=>": return nil
        default: power = Power.other
        }
        guard power > floor else { return nil }
        advance()
        if let quantified = try quantified(symbol, left, at) { return quantified }
        let right = try expression(above: power)
        if power == Power.comparison, case .symbol(let next) = peek,
            ["=", "<", ">", "<=", ">=", "<>"].contains(next)
        {
            throw unexpected()
        }
        return .binary(symbol, left, right, at: at)
    }

    /// op ANY (…), op ALL (…)
    private mutating func quantified(_ symbol: String, _ left: Expression, _ at: Int)
        throws(SQLError)
        -> Expression?
    {
        guard isWord("any") || isWord("all") || isWord("some"), peek(ahead: 1) == .symbol("(")
        else {
            return nil
        }
        let isAll = isWord("all")
        advance()
        advance()
        if queryFollows() {
            let query = try query()
            try expect(symbol: ")")
            if symbol == "=", !isAll { return .inQuery(left, query, negated: false, at: at) }
            if symbol == "<>", isAll { return .inQuery(left, query, negated: true, at: at) }
            return .comparedQuery(symbol, left, query, isAll: isAll, at: at)
        }
        let right = try expression()
        try expect(symbol: ")")
        return .quantified(symbol, left, right, isAll: isAll, at: at)
    }

    private mutating func wordInfix(_ word: String, _ left: Expression, _ floor: Int, _ at: Int)
        throws(SQLError) -> Expression?
    {
        switch word {
        case "or":
            guard Power.or > floor else { return nil }
            advance()
            return .or(left, try expression(above: Power.or))
        case "and":
            guard Power.and > floor else { return nil }
            advance()
            return .and(left, try expression(above: Power.and))
        case "is":
            guard Power.isTest > floor else { return nil }
            advance()
            return try isTest(left, at)
        case "isnull", "notnull":
            guard Power.isTest > floor else { return nil }
            advance()
            return .test(left, .null, negated: word == "notnull", at: at)
        case "between", "in", "like", "ilike", "similar":
            guard Power.pattern > floor else { return nil }
            return try pattern(left, negated: false, at)
        case "not":
            guard Power.pattern > floor, case .word(let next) = peek(ahead: 1),
                ["between", "in", "like", "ilike", "similar"].contains(next)
            else { return nil }
            advance()
            return try pattern(left, negated: true, at)
        case "overlaps":
            guard Power.pattern > floor else { return nil }
            advance()
            return try overlaps(left, at)
        case "collate":
            guard Power.collate > floor else { return nil }
            advance()
            return try collate(left, at)
        case "operator":
            guard Power.other > floor, peek(ahead: 1) == .symbol("(") else { return nil }
            advance()
            advance()
            while case .word = peek {
                advance()
                try expect(symbol: ".")
            }
            guard case .symbol(let symbol) = peek else { throw unexpected() }
            advance()
            try expect(symbol: ")")
            return .binary(symbol, left, try expression(above: Power.other), at: at)
        case "at":
            guard Power.zone > floor, peek(ahead: 1) == .word("time") else { return nil }
            advance()
            advance()
            try expect("zone")
            let zone = try expression(above: Power.zone)
            return .call(FunctionCall(name: ["timezone"], arguments: [zone, left], at: at))
        default: return nil
        }
    }

    /// (start, end or length) OVERLAPS (start, end or length)
    private mutating func overlaps(_ left: Expression, _ at: Int) throws(SQLError) -> Expression {
        let right = try expression(above: Power.pattern)
        guard case .row(let first, _) = left, case .row(let second, _) = right,
            first.count == 2, second.count == 2
        else {
            throw SQLError(
                .syntaxError, "wrong number of parameters of OVERLAPS expression",
                position: position(at))
        }
        return .call(FunctionCall(name: ["overlaps"], arguments: first + second, at: at))
    }

    /// Only the collations that are the one we have.
    private mutating func collate(_ left: Expression, _ at: Int) throws(SQLError) -> Expression {
        let name = try qualifiedName()
        guard ["default", "C", "POSIX", "ucs_basic"].contains(name.last) else {
            throw SQLError.unsupported("collation \"\(name.last)\"", at: position(name.at))
        }
        return left
    }

    private mutating func isTest(_ left: Expression, _ at: Int) throws(SQLError) -> Expression {
        let negated = accept("not")
        if accept("null") { return .test(left, .null, negated: negated, at: at) }
        if accept("true") { return .test(left, .isTrue, negated: negated, at: at) }
        if accept("false") { return .test(left, .isFalse, negated: negated, at: at) }
        if accept("unknown") { return .test(left, .unknown, negated: negated, at: at) }
        guard accept(["distinct", "from"]) else { throw unexpected() }
        return .distinct(left, try expression(above: Power.comparison), negated: negated, at: at)
    }

    private mutating func pattern(_ left: Expression, negated: Bool, _ at: Int) throws(SQLError)
        -> Expression
    {
        if accept("between") {
            let symmetric = accept("symmetric")
            _ = accept("asymmetric")
            let low = try expression(above: Power.pattern)
            try expect("and")
            let high = try expression(above: Power.pattern)
            return .between(
                left, low: low, high: high, negated: negated, symmetric: symmetric, at: at)
        }
        if accept("in") {
            try expect(symbol: "(")
            if queryFollows() {
                let query = try query()
                try expect(symbol: ")")
                return .inQuery(left, query, negated: negated, at: at)
            }
            let list = try expressionList()
            try expect(symbol: ")")
            return .inList(left, list, negated: negated, at: at)
        }
        if accept("similar") {
            try expect("to")
            return try similar(left, negated: negated, at)
        }
        let operatorName = (negated ? "!~~" : "~~") + (isWord("ilike") ? "*" : "")
        advance()
        if let quantified = try quantified(operatorName, left, at) { return quantified }
        let right = try expression(above: Power.pattern)
        var escape: Expression?
        if accept("escape") { escape = try expression(above: Power.pattern) }
        return .like(operatorName, left, pattern: right, escape: escape, at: at)
    }

    /// SIMILAR TO, as the regular expression that it stands for.
    private mutating func similar(_ left: Expression, negated: Bool, _ at: Int) throws(SQLError)
        -> Expression
    {
        var arguments = [try expression(above: Power.pattern)]
        if accept("escape") { arguments.append(try expression(above: Power.pattern)) }
        let pattern = FunctionCall(name: ["similar_to_escape"], arguments: arguments, at: at)
        return .binary(negated ? "!~" : "~", left, .call(pattern), at: at)
    }

    mutating func expressionList() throws(SQLError) -> [Expression] {
        var list = [try expression()]
        while accept(symbol: ",") { list.append(try expression()) }
        return list
    }

    /// As `expressionList`; an argument may be `name => value` or `name := value`, the last one
    /// VARIADIC.
    private mutating func argumentList() throws(SQLError) -> ([Expression], isVariadic: Bool) {
        var list: [Expression] = []
        var isNamed = false
        repeat {
            let at = token.start
            if accept("variadic") {
                list.append(try expression())
                return (list, true)
            }
            if peek(ahead: 1) == .symbol("=>") || peek(ahead: 1) == .symbol(":=") {
                isNamed = true
                let name = try name()
                advance()
                list.append(.named(name, try expression(), at: at))
            } else {
                list.append(try expression())
                guard !isNamed else {
                    throw SQLError(
                        .syntaxError, "positional argument cannot follow named argument",
                        position: position(at))
                }
            }
        } while accept(symbol: ",")
        return (list, false)
    }

    // MARK: - Primaries

    private mutating func primary() throws(SQLError) -> Expression {
        let at = token.start
        switch peek {
        case .integer(let text):
            advance()
            return .literal(.integer(text), at: at)
        case .decimal(let text):
            advance()
            return .literal(.decimal(text), at: at)
        case .string(let text):
            advance()
            return .literal(.string(text), at: at)
        case .parameter(let number):
            advance()
            return .parameter(number, at: at)
        case .symbol("("): return try parenthesized(at)
        case .symbol("*"):
            advance()
            return .star([], at: at)
        case .quoted: return try nameOrCall(at)
        case .word(let word): return try wordPrimary(word, at)
        default: throw unexpected()
        }
    }

    private mutating func parenthesized(_ at: Int) throws(SQLError) -> Expression {
        advance()
        if queryFollows() {
            let query = try query()
            try expect(symbol: ")")
            return .subquery(query, at: at)
        }
        let list = try expressionList()
        try expect(symbol: ")")
        return list.count == 1 ? list[0] : .row(list, at: at)
    }

    private mutating func wordPrimary(_ word: String, _ at: Int) throws(SQLError) -> Expression {
        switch word {
        case "null":
            advance()
            return .literal(.null, at: at)
        case "true", "false":
            advance()
            return .literal(.bool(word == "true"), at: at)
        case "case":
            advance()
            return try caseExpression(at)
        case "cast" where peek(ahead: 1) == .symbol("("):
            advance()
            advance()
            let value = try expression()
            try expect("as")
            let type = try typeName()
            try expect(symbol: ")")
            return .cast(value, type, at: at)
        case "exists" where peek(ahead: 1) == .symbol("("):
            advance()
            advance()
            let query = try query()
            try expect(symbol: ")")
            return .exists(query, at: at)
        case "array":
            advance()
            if accept(symbol: "(") {
                let query = try query()
                try expect(symbol: ")")
                return .arrayQuery(query, at: at)
            }
            return try bracketed(at)
        case "row" where peek(ahead: 1) == .symbol("("):
            advance()
            advance()
            let list = peek == .symbol(")") ? [] : try expressionList()
            try expect(symbol: ")")
            return .row(list, at: at)
        case "interval": return try intervalLiteral(at)
        case "current_time", "current_timestamp", "localtime", "localtimestamp":
            advance()
            let value = Expression.call(FunctionCall(name: [word], arguments: [], at: at))
            guard peek == .symbol("(") else { return value }
            let kinds = [
                "current_timestamp": "timestamptz", "localtimestamp": "timestamp",
            ]
            var type = TypeName(kinds[word] ?? "time", at: at)
            type.modifiers = try intervalDigits()
            return .cast(value, type, at: at)
        case "current_date", "current_user", "session_user", "user", "current_role",
            "current_catalog":
            advance()
            return .call(FunctionCall(name: [word], arguments: [], at: at))
        case "current_schema" where peek(ahead: 1) != .symbol("("):
            advance()
            return .call(FunctionCall(name: [word], arguments: [], at: at))
        default:
            if let literal = try typedLiteral(word, at) { return literal }
            return try nameOrCall(at)
        }
    }

    /// [a, b, [c, d]]: brackets within brackets are arrays as well.
    private mutating func bracketed(_ at: Int) throws(SQLError) -> Expression {
        try expect(symbol: "[")
        var list: [Expression] = []
        if peek != .symbol("]") {
            repeat {
                let start = token.start
                list.append(peek == .symbol("[") ? try bracketed(start) : try expression())
            } while accept(symbol: ",")
        }
        try expect(symbol: "]")
        return .array(list, at: at)
    }

    private mutating func intervalLiteral(_ at: Int) throws(SQLError) -> Expression {
        var type = TypeName("interval", at: at)
        if peek(ahead: 1) == .symbol("("), peek(ahead: 3) == .symbol(")"),
            case .string(let text) = peek(ahead: 4)
        {
            advance()
            type.modifiers = try intervalDigits()
            advance()
            return .cast(.literal(.string(text), at: at), type, at: at)
        }
        guard case .string(let text) = peek(ahead: 1) else { return try nameOrCall(at) }
        advance()
        advance()
        type.fields = try intervalFields()
        if type.fields?.hasSuffix("second") == true { type.modifiers = try intervalDigits() }
        return .cast(.literal(.string(text), at: at), type, at: at)
    }

    /// TIMESTAMP '…', date '…' and the like.
    private mutating func typedLiteral(_ word: String, _ at: Int) throws(SQLError) -> Expression? {
        if case .string(let text) = peek(ahead: 1), !Keyword.reserved.contains(word) {
            advance()
            advance()
            // Only a column of char without a length has one of 1.
            let isChar = word == "char" || word == "character"
            return .cast(
                .literal(.string(text), at: at), TypeName(isChar ? "bpchar" : word, at: at),
                at: at)
        }
        let isTime = word == "timestamp" || word == "time" || word == "timestamptz"
        guard isTime || word == "double" else { return nil }
        if case .word(let next) = peek(ahead: 1) {
            guard ["with", "without", "precision"].contains(next) else { return nil }
        } else if !isTime || peek(ahead: 1) != .symbol("(") || peek(ahead: 3) != .symbol(")") {
            return nil
        } else if case .integer = peek(ahead: 2) {
            // timestamp(3) '…'; any other type of this form is a call.
            switch peek(ahead: 4) {
            case .string, .word("with"), .word("without"): break
            default: return nil
            }
        } else {
            return nil
        }
        let mark = index
        let type = try typeName()
        guard case .string(let text) = peek else {
            index = mark
            return nil
        }
        advance()
        return .cast(.literal(.string(text), at: at), type, at: at)
    }

    private mutating func caseExpression(_ at: Int) throws(SQLError) -> Expression {
        let operand = isWord("when") ? nil : try expression()
        var arms: [(when: Expression, then: Expression)] = []
        while accept("when") {
            let condition = try expression()
            try expect("then")
            arms.append((condition, try expression()))
        }
        if arms.isEmpty { throw unexpected() }
        let otherwise = accept("else") ? try expression() : nil
        try expect("end")
        return .cases(operand: operand, arms: arms, otherwise: otherwise, at: at)
    }

    /// A column, `t.*`, or a function call.
    private mutating func nameOrCall(_ at: Int) throws(SQLError) -> Expression {
        var parts: [String]
        if case .word(let word) = peek, Keyword.functionOrType.contains(word),
            peek(ahead: 1) == .symbol("(")
        {
            advance()
            parts = [word]
        } else {
            parts = [try name()]
        }
        while peek == .symbol(".") {
            advance()
            if accept(symbol: "*") { return .star(parts, at: at) }
            parts.append(try label())
        }
        guard peek == .symbol("(") else { return .column(parts, at: at) }
        return .call(try call(parts, at))
    }

    /// The arguments of a call; the next token is the opening parenthesis.
    mutating func call(_ name: [String], _ at: Int) throws(SQLError) -> FunctionCall {
        try expect(symbol: "(")
        var call = FunctionCall(name: name, arguments: [], at: at)
        if let special = try specialArguments(name.last ?? "", at) {
            call.arguments = special
        } else if accept(symbol: "*") {
            call.isStar = true
        } else if peek != .symbol(")") {
            call.isDistinct = accept("distinct")
            _ = accept("all")
            (call.arguments, call.isVariadic) = try argumentList()
            if accept(["order", "by"]) { call.orderBy = try orderItems() }
        }
        try expect(symbol: ")")
        if isWord("filter"), peek(ahead: 1) == .symbol("(") {
            advance()
            advance()
            try expect("where")
            call.filter = try expression()
            try expect(symbol: ")")
        }
        if accept("over") {
            if peek == .symbol("(") {
                call.over = try windowDefinition()
            } else {
                call.over = WindowDefinition(name: try self.name())
            }
        }
        return call
    }

    /// ( [name] PARTITION BY … ORDER BY … frame )
    mutating func windowDefinition() throws(SQLError) -> WindowDefinition {
        try expect(symbol: "(")
        var window = WindowDefinition()
        let clauses: Set<String> = ["partition", "order", "rows", "range", "groups"]
        if case .word(let word) = peek, !clauses.contains(word) { window.name = try name() }
        if case .quoted = peek { window.name = try name() }
        if accept(["partition", "by"]) { window.partition = try expressionList() }
        if accept(["order", "by"]) { window.order = try orderItems() }
        if isWord("rows") || isWord("range") || isWord("groups") {
            window.hasFrame = true
            while peek != .symbol(")") {
                if peek == .end { throw unexpected() }
                if accept(symbol: "(") { throw unexpected() }
                advance()
            }
        }
        try expect(symbol: ")")
        return window
    }

    /// Arguments in the SQL standard's own spelling: extract, substring, position, trim, overlay.
    private mutating func specialArguments(_ name: String, _ at: Int) throws(SQLError)
        -> [Expression]?
    {
        switch name {
        case "extract":
            let start = token.start
            let field: String
            if case .string(let text) = peek {
                field = text
            } else if case .word(let word) = peek {
                field = word
            } else {
                return nil
            }
            guard peek(ahead: 1) == .word("from") else { return nil }
            advance()
            advance()
            return [.literal(.string(field), at: start), try expression()]
        case "position":
            let needle = try expression(above: Power.pattern)
            guard accept("in") else { throw unexpected() }
            return [needle, try expression()]
        case "substring":
            let mark = index
            let first = try expression(above: Power.pattern)
            if accept("similar") {
                let pattern = try expression(above: Power.pattern)
                try expect("escape")
                return [first, pattern, try expression()]
            }
            index = mark
            let value = try expression()
            guard isWord("from") || isWord("for") else {
                index = mark
                return nil
            }
            // FROM and FOR come in either order.
            var from: Expression?
            var length: Expression?
            if accept("from") { from = try expression() }
            if accept("for") { length = try expression() }
            if from == nil, accept("from") { from = try expression() }
            return [value, from ?? .literal(.integer("1"), at: at)] + (length.map { [$0] } ?? [])
        case "overlay":
            let mark = index
            let value = try expression()
            guard accept("placing") else {
                index = mark
                return nil
            }
            let replacement = try expression()
            try expect("from")
            let from = try expression()
            return [value, replacement, from] + (accept("for") ? [try expression()] : [])
        case "trim":
            return try trimArguments(at)
        default: return nil
        }
    }

    /// trim([LEADING | TRAILING | BOTH] [characters FROM] text): rewritten by the binder by its mode.
    private mutating func trimArguments(_ at: Int) throws(SQLError) -> [Expression] {
        var mode = "btrim"
        if accept("leading") {
            mode = "ltrim"
        } else if accept("trailing") {
            mode = "rtrim"
        } else {
            _ = accept("both")
        }
        var list: [Expression] = []
        if accept("from") {
            list = try expressionList()
        } else {
            list = [try expression()]
            if accept("from") {
                list.insert(try expression(), at: 0)
            } else if accept(symbol: ",") {
                list.append(try expression())
            }
        }
        return [.literal(.string(mode), at: at)] + list
    }

    mutating func orderItems() throws(SQLError) -> [OrderItem] {
        var items: [OrderItem] = []
        repeat {
            let expression = try expression()
            let descending = try isDescending()
            var nullsFirst: Bool?
            if accept(["nulls", "first"]) {
                nullsFirst = true
            } else if accept(["nulls", "last"]) {
                nullsFirst = false
            }
            items.append(
                OrderItem(expression: expression, descending: descending, nullsFirst: nullsFirst))
        } while accept(symbol: ",")
        return items
    }

    /// ASC, DESC or USING with an operator that orders.
    private mutating func isDescending() throws(SQLError) -> Bool {
        if accept("desc") { return true }
        if accept("asc") || !accept("using") { return false }
        guard case .symbol(let symbol) = peek else { throw unexpected() }
        guard symbol == "<" || symbol == ">" else {
            throw SQLError(
                .wrongObjectType, "operator \(symbol) is not a valid ordering operator",
                hint:
                    "Ordering operators must be \"<\" or \">\" members of btree operator families.",
                position: position(token.start))
        }
        advance()
        return symbol == ">"
    }
}
