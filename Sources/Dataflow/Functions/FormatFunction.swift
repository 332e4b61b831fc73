import Types

/// format() and the quoting functions.
package enum FormatFunction {
    static let all: [ScalarFunction] = [
        ScalarFunction("format", [.text], .text, strict: true, canFail: true) { e, c in
            RowKernels.texts(e, c) { (row) throws(SQLError) in
                try formatted(c[0].textBytes(row), [])
            }
        },
        ScalarFunction(
            "format", [.text, .text], .text, variadic: true, strict: false, canFail: true
        ) {
            e, c in
            RowKernels.texts(e, c, strict: false) { (row) throws(SQLError) in
                if c[0].isNull(row) { return nil }
                return try formatted(
                    c[0].textBytes(row),
                    c.dropFirst().map { $0.isNull(row) ? nil : $0.textBytes(row) })
            }
        },
        ScalarFunction("quote_literal", [.text], .text) { e, c in
            RowKernels.texts(e, c) { literal(c[0].textBytes($0)) }
        },
        ScalarFunction("quote_nullable", [.text], .text, strict: false) { e, c in
            RowKernels.texts(e, c, strict: false) {
                c[0].isNull($0) ? Array("NULL".utf8) : literal(c[0].textBytes($0))
            }
        },
        ScalarFunction("quote_ident", [.text], .text) { e, c in
            RowKernels.texts(e, c) { identifier(c[0].textBytes($0)) }
        },
    ]

    static func literal(_ text: [UInt8]) -> [UInt8] {
        let hasBackslash = text.contains(92)
        var result: [UInt8] = hasBackslash ? [69, 39] : [39]
        for byte in text {
            if byte == 39 || byte == 92 { result.append(byte) }
            result.append(byte)
        }
        return result + [39]
    }

    /// Words that PostgreSQL 15 does not take as the name of a column without quotes.
    private static let reserved: Set<String> = [
        "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric",
        "authorization", "between", "bigint", "binary", "bit", "boolean", "both", "case", "cast",
        "char", "character", "check", "coalesce", "collate", "collation", "column",
        "concurrently", "constraint", "create", "cross", "current_catalog", "current_date",
        "current_role", "current_schema", "current_time", "current_timestamp", "current_user",
        "dec", "decimal", "default", "deferrable", "desc", "distinct", "do", "else", "end",
        "except", "exists", "extract", "false", "fetch", "float", "for", "foreign", "freeze",
        "from", "full", "grant", "greatest", "group", "grouping", "having", "ilike", "in",
        "initially", "inner", "inout", "int", "integer", "intersect", "interval", "into", "is",
        "isnull", "join", "lateral", "leading", "least", "left", "like", "limit", "localtime",
        "localtimestamp", "national", "natural", "nchar", "none", "normalize", "not", "notnull",
        "null", "nullif", "numeric", "offset", "on", "only", "or", "order", "out", "outer",
        "overlaps", "overlay", "placing", "position", "precision", "primary", "real",
        "references", "returning", "right", "row", "select", "session_user", "setof", "similar",
        "smallint", "some", "substring", "symmetric", "table", "tablesample", "then", "time",
        "timestamp", "to", "trailing", "treat", "trim", "true", "union", "unique", "user",
        "using", "values", "varchar", "variadic", "verbose", "when", "where", "window", "with",
        "xmlattributes", "xmlconcat", "xmlelement", "xmlexists", "xmlforest", "xmlnamespaces",
        "xmlparse", "xmlpi", "xmlroot", "xmlserialize", "xmltable",
    ]

    /// An identifier as SQL has to write it: quoted where it must be.
    package static func identifier(_ text: [UInt8]) -> [UInt8] {
        func isPlain(_ byte: UInt8, first: Bool) -> Bool {
            byte >= 97 && byte <= 122 || byte == 95 || !first && byte >= 48 && byte <= 57
        }
        let isSafe = text.enumerated().allSatisfy { isPlain($0.element, first: $0.offset == 0) }
        if isSafe, !text.isEmpty, !reserved.contains(String(decoding: text, as: UTF8.self)) {
            return text
        }
        return [34] + text.flatMap { $0 == 34 ? [34, 34] : [$0] } + [34]
    }

    // MARK: - format

    /// PostgreSQL's format: %[n$][-][width]type with types s, I, L; a width may be *, an argument.
    /// - Throws: 22023, 22004.
    private static func formatted(_ format: [UInt8], _ arguments: [[UInt8]?]) throws(SQLError)
        -> [UInt8]
    {
        var reader = Reader(format: format, arguments: arguments)
        var result: [UInt8] = []
        while let byte = reader.next() {
            guard byte == 37 else {
                result.append(byte)
                continue
            }
            if reader.peek == 37 {
                _ = reader.next()
                result.append(37)
            } else {
                result += try reader.specifier()
            }
        }
        return result
    }

    private struct Reader {
        let format: [UInt8]
        let arguments: [[UInt8]?]
        private var at = 0
        private var used = 0

        init(format: [UInt8], arguments: [[UInt8]?]) {
            self.format = format
            self.arguments = arguments
        }

        var peek: UInt8? { at < format.count ? format[at] : nil }

        mutating func next() -> UInt8? {
            guard let byte = peek else { return nil }
            at += 1
            return byte
        }

        private func invalid(_ message: String, hint: String? = nil) -> SQLError {
            SQLError(.invalidParameterValue, message, hint: hint)
        }

        private mutating func number() throws(SQLError) -> Int? {
            guard let first = peek, first >= 48, first <= 57 else { return nil }
            var value = 0
            while let byte = peek, byte >= 48, byte <= 57 {
                value = value * 10 + Int(byte - 48)
                at += 1
                guard value <= Int(Int32.max) else {
                    throw SQLError(.numericValueOutOfRange, "number is out of range")
                }
            }
            return value
        }

        private func unterminated() -> SQLError {
            invalid(
                "unterminated format() type specifier",
                hint: "For a single \"%\" use \"%%\".")
        }

        private mutating func argument(_ position: Int?) throws(SQLError) -> [UInt8]? {
            if let position {
                guard position > 0 else {
                    throw invalid("format specifies argument 0, but arguments are numbered from 1")
                }
                used = position
            } else {
                used += 1
            }
            guard used <= arguments.count else { throw invalid("too few arguments for format()") }
            return arguments[used - 1]
        }

        private mutating func width() throws(SQLError) -> Int {
            guard peek == 42 else { return try number() ?? 0 }
            at += 1
            var position: Int?
            if let digits = try number() {
                guard next() == 36 else {
                    throw invalid("width argument position must be ended by \"$\"")
                }
                position = digits
            }
            guard let text = try argument(position) else { return 0 }
            guard let value = Int32(String(decoding: text, as: UTF8.self)) else {
                throw SQLError(
                    .invalidTextRepresentation,
                    "invalid input syntax for type integer: \"\(String(decoding: text, as: UTF8.self))\""
                )
            }
            return Int(value)
        }

        mutating func specifier() throws(SQLError) -> [UInt8] {
            var position: Int?
            let start = at
            if let digits = try number() {
                if peek == 36 {
                    at += 1
                    position = digits
                } else {
                    at = start
                }
            }
            var isLeft = false
            while peek == 45 {
                isLeft = true
                at += 1
            }
            var width = try width()
            if width < 0 { (isLeft, width) = (true, -width) }
            guard width <= 10_000_000 else { throw invalid("field width \(width) is too large") }
            guard let kind = next() else { throw unterminated() }
            guard kind == 115 || kind == 73 || kind == 76 else {
                throw invalid(
                    "unrecognized format() type specifier \"\(Character(Unicode.Scalar(kind)))\"",
                    hint: "For a single \"%\" use \"%%\".")
            }
            let value = try argument(position)
            let shown: [UInt8]
            switch (kind, value) {
            case (115, _): shown = value ?? []
            case (76, _): shown = value.map(literal) ?? Array("NULL".utf8)
            case (_, let name?): shown = identifier(name)
            default:
                throw SQLError(
                    .nullValueNotAllowed,
                    "null values cannot be formatted as an SQL identifier")
            }
            let pad = max(0, width - shown.filter { $0 & 0xC0 != 0x80 }.count)
            let blanks = [UInt8](repeating: 32, count: pad)
            return isLeft ? shown + blanks : blanks + shown
        }
    }
}
