import Types

/// What the words of numeric sums cannot hold, by group and scale: exact sums of any size.
///
/// A group may have several sums (of the values, and of their squares), told apart by their part.
final class WideSums {
    private struct Entry {
        let part: Int
        let scale: Int
        /// Rows of a scale that the words do not count.
        var rows: Int64 = 0
        var isNegative = false
        var magnitude = Natural.zero

        mutating func add(_ other: Natural, isNegative sign: Bool) {
            if sign == isNegative {
                magnitude = magnitude + other
            } else if magnitude < other {
                magnitude = other - magnitude
                isNegative = sign
            } else {
                magnitude = magnitude - other
            }
        }
    }

    private var groups: [UInt32: [Entry]] = [:]

    var isEmpty: Bool { groups.isEmpty }

    /// Adds a finite value as often as `weight` says; `countsRows` where the words do not.
    func add(_ value: Numeric, _ weight: Int64, _ group: UInt32, part: Int, countsRows: Bool) {
        var entries = groups[group] ?? []
        let scale = Int(value.scale)
        var index = entries.firstIndex { $0.part == part && $0.scale == scale } ?? entries.count
        if index == entries.count {
            entries.append(Entry(part: part, scale: scale))
            index = entries.count - 1
        }
        if countsRows { entries[index].rows += weight }
        let product = value.magnitude * Natural(UInt128(weight.magnitude))
        entries[index].add(product, isNegative: (value.signum < 0) != (weight < 0))
        if entries[index].rows == 0, entries[index].magnitude.isZero { entries.remove(at: index) }
        groups[group] = entries.isEmpty ? nil : entries
    }

    /// What is here of a group: for each scale the rows that the words do not count, and the sum.
    func sums(_ group: UInt32, part: Int) throws(SQLError) -> [(rows: Int64, sum: Numeric)] {
        var sums: [(rows: Int64, sum: Numeric)] = []
        for entry in groups[group] ?? [] where entry.part == part {
            let sum = try Numeric(
                isNegative: entry.isNegative, entry.magnitude, scale: entry.scale)
            sums.append((entry.rows, sum))
        }
        return sums
    }

    // MARK: - Checkpoints

    /// Appends a group's entries: their number, then of each part, scale, rows, sign, limbs.
    func write(_ group: UInt32, to output: inout ByteWriter) {
        let entries = groups[group] ?? []
        output.write(Int32(entries.count))
        for entry in entries {
            output.write(Int32(entry.part))
            output.write(Int32(entry.scale))
            output.write(entry.rows)
            output.write(entry.isNegative)
            output.write(Int32(entry.magnitude.limbs.count))
            for limb in entry.magnitude.limbs { output.write(UInt64(limb)) }
        }
    }

    /// Takes what `write` has written; nothing when nothing was.
    func read(_ group: UInt32, from reader: inout ByteReader) throws(MalformedBytes) {
        groups[group] = nil
        if reader.remaining == 0 { return }
        var entries: [Entry] = []
        for _ in 0..<(try reader.readInt32()) {
            var entry = Entry(
                part: Int(try reader.readInt32()), scale: Int(try reader.readInt32()))
            entry.rows = try reader.readInt64()
            entry.isNegative = try reader.readUInt8() != 0
            var limbs: [UInt] = []
            for _ in 0..<(try reader.readInt32()) {
                limbs.append(UInt(UInt64(bitPattern: try reader.readInt64())))
            }
            entry.magnitude = Natural(limbs: limbs)
            entries.append(entry)
        }
        groups[group] = entries.isEmpty ? nil : entries
    }

    var byteCount: Int { groups.count * 128 }
}
