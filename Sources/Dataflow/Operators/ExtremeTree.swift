import Types

/// The values of all groups of one min or max, in order, with counts.
///
/// A sorted list of blocks of at most 256 entries: finding is two binary searches, inserting moves
/// at most one block's entries. One structure for all groups: small groups cost nothing extra.
final class ExtremeTree {
    struct Entry {
        var group: UInt32
        var key: Value
        var count: Int64
    }

    private var blocks: [[Entry]] = []
    private let wantsLeast: Bool
    private static let blockSize = 256

    init(wantsLeast: Bool) { self.wantsLeast = wantsLeast }

    static func key(_ view: ColumnView, _ row: Int) -> Value {
        switch view.kind {
        case .int64: return .int(view.int64(row))
        case .double: return .double(view.double(row))
        case .bool: return .bool(view.bool(row) != 0)
        case .numeric: return .numeric(view.numeric(row))
        case .interval: return .interval(view.interval(row))
        case .text: return unsafe .text(Array(view.text(row)))
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

    /// The block where (group, key) belongs, and its place there.
    private func locate(_ group: UInt32, _ key: Value) -> (block: Int, at: Int) {
        var (low, high) = (0, blocks.count)
        while low < high {
            let middle = (low + high) / 2
            guard let last = blocks[middle].last else { break }
            if ExtremeTree.precedes(last, group, key) { low = middle + 1 } else { high = middle }
        }
        guard low < blocks.count else { return (max(blocks.count - 1, 0), blocks.last?.count ?? 0) }
        return (low, place(in: blocks[low], group, key))
    }

    private func place(in block: [Entry], _ group: UInt32, _ key: Value) -> Int {
        var (low, high) = (0, block.count)
        while low < high {
            let middle = (low + high) / 2
            if ExtremeTree.precedes(block[middle], group, key) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    func add(_ group: UInt32, _ key: Value, _ weight: Int64) {
        if blocks.isEmpty { blocks.append([]) }
        let (block, at) = locate(group, key)
        if at < blocks[block].count, blocks[block][at].group == group,
            ExtremeTree.order(blocks[block][at].key, key) == 0
        {
            blocks[block][at].count += weight
            if blocks[block][at].count == 0 {
                blocks[block].remove(at: at)
                if blocks[block].isEmpty, blocks.count > 1 { blocks.remove(at: block) }
            }
            return
        }
        blocks[block].insert(Entry(group: group, key: key, count: weight), at: at)
        if blocks[block].count > ExtremeTree.blockSize {
            let half = blocks[block].count / 2
            blocks.insert(Array(blocks[block][half...]), at: block + 1)
            blocks[block].removeSubrange(half...)
        }
    }

    /// The group's least or greatest value now.
    func extreme(_ group: UInt32) -> Value? {
        var (low, high) = (0, blocks.count)
        if wantsLeast {
            while low < high {
                let middle = (low + high) / 2
                if (blocks[middle].last?.group ?? 0) < group {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
            guard low < blocks.count else { return nil }
            return blocks[low].first { $0.group == group && $0.count > 0 }?.key
        }
        while low < high {
            let middle = (low + high) / 2
            if (blocks[middle].first?.group ?? 0) <= group {
                low = middle + 1
            } else {
                high = middle
            }
        }
        guard low > 0 else { return nil }
        return blocks[low - 1].last { $0.group == group && $0.count > 0 }?.key
    }

    /// All entries, for checkpoints' tests and accounting.
    var entryCount: Int { blocks.reduce(0) { $0 + $1.count } }
}
