import Synchronization

/// The magnitudes that do not fit a numeric's cell, each once: a cell has their number.
///
/// They stay until the process ends, up to a limit; see docs/design/0010-wide-numerics.md.
package enum WideMagnitudes {
    private struct Table {
        var magnitudes: [Natural] = []
        var numbers: [Natural: Int] = [:]
        var byteCount = 0
        var limit = 256 << 20
    }

    private static let table = Mutex(Table())

    /// Bytes of an entry beside its limbs.
    private static let overhead = 96

    /// Sets how many bytes they may take.
    package static func setLimit(bytes: Int) { table.withLock { $0.limit = bytes } }

    /// The number of a magnitude, whatever the limit.
    static func numberAnyway(of magnitude: Natural) -> Int {
        // There is always one without a limit.
        number(of: magnitude, within: Int.max) ?? 0
    }

    private static func number(of magnitude: Natural, within limit: Int?) -> Int? {
        table.withLock { table in
            if let number = table.numbers[magnitude] { return number }
            let bytes = magnitude.limbs.count * 8 + overhead
            guard table.byteCount + bytes <= limit ?? table.limit else { return nil }
            table.byteCount += bytes
            table.magnitudes.append(magnitude)
            table.numbers[magnitude] = table.magnitudes.count - 1
            return table.magnitudes.count - 1
        }
    }

    /// The number of a magnitude. - Throws: 53200 when there is no room for a new one.
    static func number(of magnitude: Natural) throws(SQLError) -> Int {
        guard let found = number(of: magnitude, within: nil) else {
            throw SQLError(
                .outOfMemory, "too many different numerics of more than 38 digits",
                detail: "They are kept until the server ends.",
                hint: "Raise --wide-numeric-bytes, or round the numbers.")
        }
        return found
    }

    static func magnitude(_ number: Int) -> Natural {
        table.withLock { table in
            precondition(table.magnitudes.indices.contains(number), "unknown wide numeric")
            return table.magnitudes[number]
        }
    }
}
