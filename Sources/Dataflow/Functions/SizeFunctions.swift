import Types

/// pg_size_pretty and pg_size_bytes: numbers of bytes with units.
enum SizeFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction("pg_size_pretty", [.int8], .text) { e, c in
            let cells = c[0].int64s.cells
            return RowKernels.texts(e, c) { pretty(cells[$0]) }
        },
        ScalarFunction("pg_size_pretty", [.numeric], .text, canFail: true) { e, c in
            let cells = c[0].numerics.cells
            return RowKernels.texts(e, c) { (row) throws(SQLError) in try pretty(cells[row]) }
        },
        ScalarFunction("pg_size_bytes", [.text], .int8, canFail: true) { e, c in
            RowKernels.ints(e, c) { (row) throws(SQLError) in try bytes(c[0].textBytes(row)) }
        },
    ]

    /// Up to which size a unit is used, whether it is rounded from halves, and its power of two.
    private static let units: [(name: String, limit: Int64, rounds: Bool, bits: Int)] = [
        ("bytes", 10 * 1024, false, 0), ("kB", 20 * 1024 - 1, true, 10),
        ("MB", 20 * 1024 - 1, true, 20), ("GB", 20 * 1024 - 1, true, 30),
        ("TB", 20 * 1024 - 1, true, 40), ("PB", 20 * 1024 - 1, true, 50),
    ]

    /// The power of two from a unit, or halves of it, to the next one's halves.
    private static func step(_ index: Int) -> Int {
        units[index + 1].bits - units[index].bits - 1 + (units[index].rounds ? 1 : 0)
    }

    private static func pretty(_ bytes: Int64) -> [UInt8] {
        var size = bytes
        for (index, unit) in units.enumerated() {
            if index == units.count - 1 || size.magnitude < unit.limit.magnitude {
                if unit.rounds { size = (size + (size < 0 ? -1 : 1)) / 2 }
                return Array("\(size) \(unit.name)".utf8)
            }
            size /= 1 << step(index)
        }
        return []
    }

    private static func pretty(_ bytes: Numeric) throws(SQLError) -> [UInt8] {
        var size = bytes
        func whole(_ value: Numeric, over divisor: Int64) throws(SQLError) -> Numeric {
            guard value.isFinite else { return value }
            let divisor = Numeric(divisor)
            let rest = try Numeric.remainder(value, divisor)
            return try Numeric.divide(try Numeric.subtract(value, rest), divisor, scale: 0)
        }
        for (index, unit) in units.enumerated() {
            let magnitude = size.signum < 0 ? size.negated : size
            let isLast = index == units.count - 1
            if isLast || Numeric.compare(magnitude, Numeric(unit.limit)) < 0 {
                if unit.rounds {
                    let half = Numeric(size.signum < 0 ? -1 : 1 as Int64)
                    size = try whole(try Numeric.add(size, half), over: 2)
                }
                return Array("\(size.text) \(unit.name)".utf8)
            }
            size = try whole(size, over: 1 << step(index))
        }
        return []
    }

    private static func isDigit(_ byte: UInt8) -> Bool { 48...57 ~= byte }

    /// The length of the number that a text begins with; nil when there is none.
    private static func numberLength(_ text: [UInt8]) -> Int? {
        func digits(_ from: Int) -> Int {
            text[min(from, text.count)...].prefix(while: isDigit).count
        }
        var end = text.first == 45 || text.first == 43 ? 1 : 0
        let whole = digits(end)
        end += whole
        var fraction = 0
        if end < text.count, text[end] == 46 {
            fraction = digits(end + 1)
            end += 1 + fraction
        }
        guard whole + fraction > 0 else { return nil }
        if end < text.count, text[end] | 32 == 101 {
            let hasSign = end + 1 < text.count && (text[end + 1] == 43 || text[end + 1] == 45)
            let start = end + (hasSign ? 2 : 1)
            if digits(start) > 0 { end = start + digits(start) }
        }
        return end
    }

    private static func bytes(_ text: [UInt8]) throws(SQLError) -> Int64 {
        let trimmed = TextScan.trimmed(text)
        func invalid(_ detail: String? = nil, hint: String? = nil) -> SQLError {
            SQLError(
                .invalidParameterValue,
                "invalid size: \"\(String(decoding: text, as: UTF8.self))\"", detail: detail,
                hint: hint)
        }
        guard let length = numberLength(trimmed),
            var size = try Numeric.parse(trimmed[..<length])
        else { throw invalid() }
        let word = String(decoding: TextScan.trimmed(trimmed[length...]), as: UTF8.self)
        if !word.isEmpty {
            guard let unit = units.first(where: { $0.name.lowercased() == word.lowercased() })
            else {
                throw invalid(
                    "Invalid size unit: \"\(word)\".",
                    hint: "Valid units are \"bytes\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\".")
            }
            size = try Numeric.multiply(size, Numeric(1 << unit.bits as Int64))
        }
        guard let result = size.roundedInt64 else {
            throw SQLError(.numericValueOutOfRange, "bigint out of range")
        }
        return result
    }
}
