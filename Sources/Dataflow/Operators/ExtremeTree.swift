import Types

/// The values of all groups of one min or max, in order, with counts.
///
/// One structure for all groups: small groups cost nothing extra.
final class ExtremeTree {
    struct Entry {
        var group: UInt32
        var key: Value
        var count: Int64
    }

    private var entries = OrderedBlocks<Entry>()
    private let wantsLeast: Bool

    init(wantsLeast: Bool) { self.wantsLeast = wantsLeast }

    static func key(_ view: ColumnView, _ row: Int) -> Value {
        switch view.kind {
        case .int64: return .int(view.int64(row))
        case .double: return .double(view.double(row))
        case .bool: return .bool(view.bool(row) != 0)
        case .numeric: return .numeric(view.numeric(row))
        case .interval: return .interval(view.interval(row))
        case .text, .json: return unsafe .text(Array(view.text(row)))
        }
    }

    /// SQL order, then image order: equal values of different images stay apart.
    static func order(_ a: Value, _ b: Value) -> Int {
        switch (a, b) {
        case (.int(let x), .int(let y)): return x < y ? -1 : (x > y ? 1 : 0)
        case (.double(let x), .double(let y)):
            let order = ColumnView.order(x, y)
            if order != 0 || x.bitPattern == y.bitPattern { return order }
            return x.sign == .minus ? -1 : (y.sign == .minus ? 1 : 0)
        case (.bool(let x), .bool(let y)): return (x ? 1 : 0) - (y ? 1 : 0)
        case (.numeric(let x), .numeric(let y)):
            let order = Numeric.compare(x, y)
            return order != 0 ? order : Int(x.scale) - Int(y.scale)
        case (.interval(let x), .interval(let y)):
            if x.normalized != y.normalized { return x.normalized < y.normalized ? -1 : 1 }
            if x.months != y.months { return x.months < y.months ? -1 : 1 }
            return Int(x.days) - Int(y.days)
        case (.text(let x), .text(let y)):
            if x == y { return 0 }
            return x.lexicographicallyPrecedes(y) ? -1 : 1
        default: return 0
        }
    }

    private static func precedes(_ entry: Entry, _ group: UInt32, _ key: Value) -> Bool {
        entry.group != group ? entry.group < group : order(entry.key, key) < 0
    }

    func add(_ group: UInt32, _ key: Value, _ weight: Int64) {
        let place = entries.locate { ExtremeTree.precedes($0, group, key) }
        guard let there = entries.element(at: place), there.group == group,
            ExtremeTree.order(there.key, key) == 0
        else {
            return entries.insert(Entry(group: group, key: key, count: weight), at: place)
        }
        if there.count + weight == 0 {
            entries.remove(at: place)
        } else {
            entries.update(place) { $0.count += weight }
        }
    }

    /// The group's least or greatest value now.
    func extreme(_ group: UInt32) -> Value? {
        var found: Value?
        if wantsLeast {
            entries.walk(from: entries.locate { $0.group < group }) { entry in
                if entry.group == group, entry.count > 0 { found = entry.key }
                return entry.group == group && found == nil
            }
            return found
        }
        var end = entries.locate { $0.group <= group }
        while let place = entries.previous(end), entries[place].group == group {
            if entries[place].count > 0 { return entries[place].key }
            end = place
        }
        return nil
    }

    /// All entries, for checkpoints' tests and accounting.
    var entryCount: Int { entries.count }
}
