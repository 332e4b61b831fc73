import Types

/// COPY … FROM STDIN and COPY … TO STDOUT, with options of either spelling.
extension Parser {
    mutating func copy() throws(SQLError) -> Copy {
        let at = token.start
        advance()
        let isBinary = accept("binary")
        let subject: Copy.Subject
        if accept(symbol: "(") {
            subject = .query(try query())
            try expect(symbol: ")")
        } else {
            let name = try qualifiedName()
            var columns: [(name: String, at: Int)] = []
            if accept(symbol: "(") {
                repeat {
                    let start = token.start
                    columns.append((try self.name(), start))
                } while accept(symbol: ",")
                try expect(symbol: ")")
            }
            subject = .table(name, columns: columns)
        }
        let isFrom = accept("from")
        if !isFrom { try expect("to") }
        guard accept("stdin") || accept("stdout") else {
            throw SQLError.unsupported("COPY with a file or a program", at: position(token.start))
        }
        if isFrom, case .query = subject {
            throw SQLError(.syntaxError, "COPY query must be a TO", position: position(at))
        }
        var copy = Copy(subject: subject, isFrom: isFrom)
        if isBinary { copy.format.kind = .binary }
        try copyOptions(&copy)
        if isWord("where") {
            throw SQLError.unsupported("WHERE in COPY", at: position(token.start))
        }
        return copy
    }

    private mutating func copyOptions(_ copy: inout Copy) throws(SQLError) {
        var options: [(name: String, value: [String], at: Int)] = []
        _ = accept("with")
        if accept(symbol: "(") {
            repeat {
                let at = token.start
                options.append((try label(), try copyValue(), at))
            } while accept(symbol: ",")
            try expect(symbol: ")")
        } else {
            while case .word(let word) = peek, word != "where" {
                let at = token.start
                advance()
                switch word {
                case "csv", "binary", "text": options.append(("format", [word], at))
                case "header": options.append(("header", ["true"], at))
                case "delimiter", "null", "quote", "escape":
                    _ = accept("as")
                    guard case .string(let text) = peek else { throw unexpected() }
                    advance()
                    options.append((word, [text], at))
                case "force":
                    try expect("quote")
                    options.append(
                        ("force_quote", accept(symbol: "*") ? ["*"] : try bareNames(), at))
                default: throw unexpected()
                }
            }
        }
        // The format decides what the others default to.
        for option in options where option.name == "format" {
            switch option.value.first?.lowercased() {
            case "text": copy.format.kind = .text
            case "csv":
                copy.format.kind = .csv
                copy.format.delimiter = 44
                copy.format.null = []
            case "binary": copy.format.kind = .binary
            default:
                throw SQLError(
                    .invalidParameterValue,
                    "COPY format \"\(option.value.first ?? "")\" not recognized",
                    position: position(option.at))
            }
        }
        var escapeGiven = false
        for option in options {
            if option.name == "escape" { escapeGiven = true }
            try apply(option, &copy)
        }
        if !escapeGiven { copy.format.escape = copy.format.quote }
    }

    private mutating func bareNames() throws(SQLError) -> [String] {
        var names = [try name()]
        while accept(symbol: ",") { names.append(try name()) }
        return names
    }

    private mutating func copyValue() throws(SQLError) -> [String] {
        switch peek {
        case .string(let text), .word(let text), .quoted(let text), .integer(let text):
            advance()
            return [text]
        case .symbol("*"):
            advance()
            return ["*"]
        case .symbol("("): return try nameList()
        default: return ["true"]
        }
    }

    private func apply(_ option: (name: String, value: [String], at: Int), _ copy: inout Copy)
        throws(SQLError)
    {
        let text = option.value.first ?? ""
        func byte() throws(SQLError) -> UInt8 {
            let bytes = Array(text.utf8)
            guard bytes.count == 1 else {
                throw SQLError(
                    .featureNotSupported,
                    "COPY \(option.name) must be a single one-byte character",
                    position: position(option.at))
            }
            return bytes[0]
        }
        switch option.name {
        case "format": break
        case "delimiter": copy.format.delimiter = try byte()
        case "null": copy.format.null = Array(text.utf8)
        case "quote": copy.format.quote = try byte()
        case "escape": copy.format.escape = try byte()
        case "header":
            guard let value = TextEncoding.parseBool(Array(text.utf8)) else {
                throw SQLError.unsupported("HEADER \(text)", at: position(option.at))
            }
            copy.format.hasHeader = value
        case "force_quote":
            copy.format.quotesAll = option.value == ["*"]
            if !copy.format.quotesAll { copy.forcedQuotes = option.value }
        case "freeze": break
        case "encoding":
            // The other names that PostgreSQL has for it are those of other encodings.
            let name = text.lowercased().filter { $0 != "-" && $0 != "_" }
            guard ["utf8", "unicode"].contains(name) else {
                throw SQLError.unsupported(
                    "COPY in the encoding \"\(text)\"", at: position(option.at))
            }
        default:
            throw SQLError(
                .syntaxError, "option \"\(option.name)\" not recognized",
                position: position(option.at))
        }
    }
}
