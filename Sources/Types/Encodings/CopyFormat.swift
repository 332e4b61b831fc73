/// How COPY writes rows: text, csv or binary, with its options (copy.c).
package struct CopyFormat: Sendable {
    /// The three formats.
    package enum Kind: Sendable { case text, csv, binary }

    package var kind = Kind.text
    package var delimiter: UInt8 = 9
    package var null: [UInt8] = Array("\\N".utf8)
    package var hasHeader = false
    package var quote: UInt8 = 34
    package var escape: UInt8 = 34
    /// CSV columns that are quoted whatever they hold, by position.
    package var forcesQuotes: Set<Int> = []
    package var quotesAll = false

    package init() {}

    static let signature: [UInt8] = Array("PGCOPY\n".utf8) + [255, 13, 10, 0]

    // MARK: - Writing

    /// What stands before all rows.
    package func header(_ names: [String]) -> [UInt8] {
        if kind == .binary { return CopyFormat.signature + [UInt8](repeating: 0, count: 8) }
        guard hasHeader else { return [] }
        var output: [UInt8] = []
        for (index, name) in names.enumerated() {
            if index > 0 { output.append(delimiter) }
            append(Array(name.utf8), column: -1, to: &output)
        }
        output.append(10)
        return output
    }

    /// What stands behind all rows.
    package var trailer: [UInt8] { kind == .binary ? [255, 255] : [] }

    /// One row.
    package func row(_ views: [ColumnView], _ row: Int, _ types: [DataType]) -> [UInt8] {
        if kind == .binary {
            var output = ByteWriter(reserving: 64)
            output.write(Int16(views.count))
            for (view, type) in zip(views, types) {
                if view.isNull(row) {
                    output.write(Int32(-1))
                    continue
                }
                var value = ByteWriter(reserving: 16)
                BinaryEncoding.append(view, row, type, to: &value)
                output.write(Int32(value.bytes.count))
                output.write(contentsOf: value.bytes)
            }
            return output.bytes
        }
        var output: [UInt8] = []
        for (index, (view, type)) in zip(views, types).enumerated() {
            if index > 0 { output.append(delimiter) }
            if view.isNull(row) {
                output += null
                continue
            }
            var text: [UInt8] = []
            TextEncoding.append(view, row, type, to: &text)
            append(text, column: index, to: &output)
        }
        output.append(10)
        return output
    }

    private func append(_ text: [UInt8], column: Int, to output: inout [UInt8]) {
        guard kind == .csv else {
            for byte in text {
                switch byte {
                case 8: output += [92, 98]
                case 12: output += [92, 102]
                case 10: output += [92, 110]
                case 13: output += [92, 114]
                case 9 where delimiter == 9: output += [92, 116]
                case 11: output += [92, 118]
                case 92: output += [92, 92]
                case delimiter: output += [92, byte]
                default: output.append(byte)
                }
            }
            return
        }
        let needsQuotes =
            (quotesAll && column >= 0) || forcesQuotes.contains(column) || text == null
            || text == Array("\\.".utf8)
            || text.contains { $0 == delimiter || $0 == quote || $0 == 10 || $0 == 13 }
        guard needsQuotes else { return output += text }
        output.append(quote)
        for byte in text {
            if byte == quote || byte == escape { output.append(escape) }
            output.append(byte)
        }
        output.append(quote)
    }
}

/// Reads what COPY FROM is given, piece by piece, into typed columns.
package struct CopyReader {
    private let format: CopyFormat
    private let types: [DataType]
    private let names: [String]
    private let table: String
    private var builders: [ColumnBuilder]
    /// Bytes that are not a whole row yet.
    private var rest: [UInt8] = []
    private var line = 0
    private var isAtEnd = false
    private var hasSeenHeader = false
    package private(set) var rows = 0

    package init(_ format: CopyFormat, table: String, columns: [(name: String, type: DataType)]) {
        self.format = format
        self.table = table
        types = columns.map(\.type)
        names = columns.map(\.name)
        builders = columns.map { ColumnBuilder($0.type.physical) }
        hasSeenHeader = !(format.hasHeader || format.kind == .binary)
    }

    /// Bytes that wait for the end of their row.
    package var waitingBytes: Int { rest.count }

    /// Takes in more bytes. - Throws: 22P04, and what the values' own text throws.
    package mutating func add(_ bytes: [UInt8]) throws(SQLError) {
        rest += bytes
        try work(isLast: false)
    }

    /// Everything has come. - Returns: the rows.
    package mutating func finish() throws(SQLError) -> Batch {
        try work(isLast: true)
        return Batch(columns: builders.map { $0.column() }, count: rows)
    }

    private func bad(_ message: String) -> SQLError {
        var error = SQLError(SQLState.external("22P04"), message)
        error.context = "COPY \(table), line \(line)"
        return error
    }

    private mutating func work(isLast: Bool) throws(SQLError) {
        if format.kind == .binary { return try workBinary(isLast: isLast) }
        var start = 0
        while !isAtEnd, let end = recordEnd(from: start, isLast: isLast) {
            line += 1
            var record = rest[start..<end.record]
            if record.last == 13 { record = record.dropLast() }
            start = end.next
            if !hasSeenHeader {
                hasSeenHeader = true
                continue
            }
            if record.elementsEqual("\\.".utf8) {
                isAtEnd = true
                break
            }
            try add(record: Array(record))
        }
        rest.removeFirst(isAtEnd ? rest.count : start)
    }

    /// Where the record that begins at `from` ends, and the next one begins; nil when it is not whole.
    private func recordEnd(from: Int, isLast: Bool) -> (record: Int, next: Int)? {
        var isQuoted = false
        var index = from
        while index < rest.count {
            let byte = rest[index]
            if format.kind == .csv {
                if isQuoted, byte == format.escape, format.escape != format.quote {
                    index += 2
                    continue
                }
                if byte == format.quote { isQuoted.toggle() }
            } else if byte == 92 {
                index += 2
                continue
            }
            if byte == 10, !isQuoted { return (index, index + 1) }
            index += 1
        }
        return isLast && from < rest.count ? (rest.count, rest.count) : nil
    }

    private mutating func add(record: [UInt8]) throws(SQLError) {
        let fields = format.kind == .csv ? try csvFields(record) : textFields(record)
        if types.isEmpty, record.isEmpty {
            rows += 1
            return
        }
        guard fields.count >= types.count else {
            throw bad("missing data for column \"\(names[fields.count])\"")
        }
        guard fields.count == types.count else {
            throw bad("extra data after last expected column")
        }
        for (index, field) in fields.enumerated() {
            guard let field else {
                builders[index].appendNull()
                continue
            }
            do {
                try TextEncoding.checkCharacters(field)
                builders[index].append(try TextEncoding.parse(field, types[index]))
            } catch {
                var located = error
                located.context =
                    "COPY \(table), line \(line), column \(names[index]): "
                    + "\"\(String(decoding: field, as: UTF8.self))\""
                throw located
            }
        }
        rows += 1
    }

    private func textFields(_ record: [UInt8]) -> [[UInt8]?] {
        var fields: [[UInt8]?] = []
        var (field, raw): ([UInt8], [UInt8]) = ([], [])
        var index = 0
        func close() -> [UInt8]? { raw == format.null ? nil : field }
        while index < record.count {
            let byte = record[index]
            if byte == format.delimiter {
                fields.append(close())
                (field, raw) = ([], [])
                index += 1
                continue
            }
            guard byte == 92, index + 1 < record.count else {
                field.append(byte)
                raw.append(byte)
                index += 1
                continue
            }
            let next = record[index + 1]
            raw += [byte, next]
            index += 2
            switch next {
            case 98: field.append(8)
            case 102: field.append(12)
            case 110: field.append(10)
            case 114: field.append(13)
            case 116: field.append(9)
            case 118: field.append(11)
            case 48...55:
                var (value, count) = (Int(next - 48), 1)
                while index < record.count, (48...55).contains(record[index]), count < 3 {
                    value = value * 8 + Int(record[index] - 48)
                    raw.append(record[index])
                    index += 1
                    count += 1
                }
                field.append(UInt8(value & 255))
            case 120:
                var digits = ""
                while index < record.count, digits.count < 2,
                    Character(Unicode.Scalar(record[index])).isHexDigit
                {
                    digits.append(Character(Unicode.Scalar(record[index])))
                    raw.append(record[index])
                    index += 1
                }
                field.append(UInt8(digits, radix: 16) ?? 120)
            default: field.append(next)
            }
        }
        fields.append(close())
        return fields
    }

    private func csvFields(_ record: [UInt8]) throws(SQLError) -> [[UInt8]?] {
        var fields: [[UInt8]?] = []
        var field: [UInt8] = []
        var (isQuoted, wasQuoted) = (false, false)
        var index = 0
        func close() -> [UInt8]? { !wasQuoted && field == format.null ? nil : field }
        while index < record.count {
            let byte = record[index]
            if isQuoted {
                if byte == format.escape, index + 1 < record.count,
                    record[index + 1] == format.quote || record[index + 1] == format.escape,
                    byte != format.quote || record[index + 1] == format.quote
                {
                    field.append(record[index + 1])
                    index += 2
                    continue
                }
                if byte == format.quote { isQuoted = false } else { field.append(byte) }
            } else if byte == format.quote {
                (isQuoted, wasQuoted) = (true, true)
            } else if byte == format.delimiter {
                fields.append(close())
                field = []
                wasQuoted = false
            } else {
                field.append(byte)
            }
            index += 1
        }
        if isQuoted { throw bad("unterminated CSV quoted field") }
        fields.append(close())
        return fields
    }

    // MARK: - Binary

    private mutating func workBinary(isLast: Bool) throws(SQLError) {
        var start = 0
        if !hasSeenHeader {
            guard rest.count >= 19 else {
                if isLast { throw bad("COPY file signature not recognized") }
                return
            }
            guard rest.starts(with: CopyFormat.signature) else {
                throw bad("COPY file signature not recognized")
            }
            let more = rest[15..<19].reduce(0) { $0 << 8 | Int($1) }
            guard more < 1 << 20 else { throw bad("invalid COPY file header (wrong length)") }
            guard rest.count >= 19 + more else { return }
            start = 19 + more
            hasSeenHeader = true
        }
        while !isAtEnd {
            guard let next = try binaryRow(from: start) else { break }
            start = next
        }
        rest.removeFirst(isAtEnd ? rest.count : start)
        if isLast, !isAtEnd { throw bad("unexpected EOF in COPY data") }
    }

    private mutating func binaryRow(from start: Int) throws(SQLError) -> Int? {
        guard rest.count >= start + 2 else { return nil }
        let count = Int(Int16(bitPattern: UInt16(rest[start]) << 8 | UInt16(rest[start + 1])))
        if count == -1 {
            isAtEnd = true
            return rest.count
        }
        line += 1
        guard count == types.count else {
            throw bad("row field count is \(count), expected \(types.count)")
        }
        var at = start + 2
        var values: [Value] = []
        for type in types {
            guard rest.count >= at + 4 else { return lineBack() }
            let size = Int(
                Int32(bitPattern: rest[at..<(at + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }))
            at += 4
            if size == -1 {
                values.append(.null)
                continue
            }
            guard size >= 0, size <= 1 << 30 else { throw bad("invalid field size") }
            guard rest.count >= at + size else { return lineBack() }
            values.append(try BinaryEncoding.parse(Array(rest[at..<(at + size)]), type))
            at += size
        }
        for (builder, value) in zip(builders, values) { builder.append(value) }
        rows += 1
        return at
    }

    /// The row is not whole yet: it is counted when it is.
    private mutating func lineBack() -> Int? {
        line -= 1
        return nil
    }
}
