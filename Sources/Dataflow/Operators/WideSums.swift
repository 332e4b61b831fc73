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
        var sum = SignedNatural.zero
    }

    private var groups: [UInt32: [Entry]] = [:]

    var isEmpty: Bool { groups.isEmpty }

    /// Adds a value as often as `weight` says; `countsRows` where the words do not.
    func add(
        _ value: ExactDecimal, _ weight: Int64, _ group: UInt32, part: Int, countsRows: Bool
    ) {
        var entries = groups[group] ?? []
        let scale = value.scale
        let index =
            entries.firstIndex { $0.part == part && $0.scale == scale } ?? entries.count
        if index == entries.count { entries.append(Entry(part: part, scale: scale)) }
        if countsRows { entries[index].rows += weight }
        entries[index].sum = entries[index].sum + value.value * SignedNatural(Int128(weight))
        if entries[index].rows == 0, entries[index].sum.isZero { entries.remove(at: index) }
        groups[group] = entries.isEmpty ? nil : entries
    }

    /// What is here of a group: for each scale the rows that the words do not count, and the sum.
    func sums(_ group: UInt32, part: Int) -> [(rows: Int64, sum: ExactDecimal)] {
        (groups[group] ?? []).filter { $0.part == part }.map {
            ($0.rows, ExactDecimal($0.sum, scale: $0.scale))
        }
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
            output.write(entry.sum.isNegative)
            output.write(Int32(entry.sum.magnitude.limbs.count))
            for limb in entry.sum.magnitude.limbs { output.write(UInt64(limb)) }
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
            let isNegative = try reader.readUInt8() != 0
            var limbs: [UInt] = []
            for _ in 0..<(try reader.readInt32()) {
                limbs.append(UInt(UInt64(bitPattern: try reader.readInt64())))
            }
            entry.sum = SignedNatural(isNegative: isNegative, Natural(limbs: limbs))
            entries.append(entry)
        }
        groups[group] = entries.isEmpty ? nil : entries
    }

    var byteCount: Int { groups.count * 128 }
}
