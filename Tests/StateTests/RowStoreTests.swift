import State
import Testing
import Types

@Suite struct RowStoreTests {
    /// splitmix64: the same numbers for the same seed, everywhere.
    private struct SeededGenerator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    private typealias ZSet = [[Value]: Int64]

    private static let types: [DataType.Physical] = [.int64, .text]

    private static func zset(_ batches: [Batch]) -> ZSet {
        var sums: ZSet = [:]
        for batch in batches {
            for row in 0..<batch.count { sums[batch.row(row), default: 0] += batch.weight(row) }
        }
        return sums.filter { $0.value != 0 }
    }

    private static func scan(_ store: RowStore, at epoch: Int) -> ZSet {
        let snapshot = store.snapshot()
        return zset(
            (0..<snapshot.pageCount).map {
                snapshot.scan(page: $0, at: Epoch(UInt32(epoch)), columns: [0, 1])
            })
    }

    private static func difference(_ new: ZSet, _ old: ZSet) -> ZSet {
        new.merging(old.mapValues { -$0 }) { $0 + $1 }.filter { $0.value != 0 }
    }

    /// A net change to `content`: what it retracts is there.
    private static func change(
        _ content: ZSet, _ random: inout SeededGenerator, rows: Int, domain: Int64
    ) -> Batch {
        var change: ZSet = [:]
        for row in content.keys.sorted(by: { "\($0)" < "\($1)" }).shuffled(using: &random).prefix(
            rows)
        {
            change[row] = -Int64.random(in: 1...(content[row] ?? 1), using: &random)
        }
        for _ in 0..<Int.random(in: 0...rows, using: &random) {
            let text = String(repeating: "x", count: Int.random(in: 0..<40, using: &random))
            let row: [Value] = [.int(Int64.random(in: 0..<domain, using: &random)), .string(text)]
            if change[row] == nil { change[row] = Int64.random(in: 1...3, using: &random) }
        }
        let ordered = change.sorted { "\($0.key)" < "\($1.key)" }.shuffled(using: &random)
        return Batch(rows: ordered.map(\.key), types: types, weights: ordered.map(\.value))
    }

    static let seeds: [UInt64] = Array(1...8)

    @Test(arguments: seeds)
    func everyEpochStillHeldReadsAsTheModel(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        let store = RowStore(types: Self.types)
        var model: [ZSet] = [[:]]
        var held = 0
        for epoch in 1...60 {
            let rows = Int.random(in: 0...30, using: &random)
            let batch = Self.change(model[epoch - 1], &random, rows: rows, domain: 50)
            try store.apply(batch, at: Epoch(UInt32(epoch)))
            store.publish()
            model.append(
                Self.zset([batch]).merging(model[epoch - 1]) { $0 + $1 }.filter { $0.value != 0 })
            #expect(
                store.liveWeight == model[epoch].values.reduce(0, +), "seed \(seed), epoch \(epoch)"
            )
            if epoch % 9 == 0 {
                held = Int.random(in: held...epoch, using: &random)
                store.reclaim(since: Epoch(UInt32(held)))
                store.publish()
            }
            for past in stride(from: epoch, through: held, by: -7) {
                #expect(
                    Self.scan(store, at: past) == model[past],
                    "seed \(seed), epoch \(past) of \(epoch)")
            }
            let (after, through) = (
                Int.random(in: held...epoch, using: &random),
                Int.random(in: held...epoch, using: &random)
            )
            let (low, high) = (min(after, through), max(after, through))
            let changes = store.changes(after: Epoch(UInt32(low)), through: Epoch(UInt32(high)))
            #expect(
                Self.zset(changes) == Self.difference(model[high], model[low]),
                "seed \(seed), (\(low), \(high)] at \(epoch)")
        }
    }

    @Test(arguments: [5, 6] as [UInt64])
    func reclaimingOverManyPagesKeepsTheNewestContent(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        let store = RowStore(types: Self.types)
        var expected: ZSet = [:]
        for epoch in 1...6 {
            let fresh = (0..<5000).map {
                [Value.int(Int64(epoch * 5000 + $0)), .string("v\(epoch)")]
            }
            let dead = expected.keys.sorted { $0[0].int ?? 0 < $1[0].int ?? 0 }
                .filter { _ in Int.random(in: 0..<10, using: &random) < 8 }
            let batch = Batch(
                rows: fresh + dead, types: Self.types,
                weights: fresh.map { _ in 1 } + dead.map { _ in -1 })
            try store.apply(batch, at: Epoch(UInt32(epoch)))
            for row in dead { expected[row] = nil }
            for row in fresh { expected[row] = 1 }
            store.reclaim(since: Epoch(UInt32(epoch)))
            store.publish()
            #expect(Self.scan(store, at: epoch) == expected, "seed \(seed), epoch \(epoch)")
            #expect(store.liveWeight == Int64(expected.count), "seed \(seed)")
        }
    }

    @Test func aSnapshotTakenBeforeKeepsItsRowsWhileTheStoreGoesOn() throws {
        let store = RowStore(types: Self.types)
        let row: [Value] = [.int(1), .string("a")]
        try store.apply(Batch(rows: [row], types: Self.types), at: Epoch(1))
        store.publish()
        let old = store.snapshot()
        try store.apply(Batch(rows: [row], types: Self.types, weights: [-1]), at: Epoch(2))
        try store.apply(
            Batch(rows: [[.int(2), .string("b")]], types: Self.types), at: Epoch(2))
        store.reclaim(since: Epoch(2))
        store.publish()
        #expect(Self.zset([old.scan(page: 0, at: Epoch(1), columns: [0, 1])]) == [row: 1])
        #expect(Self.scan(store, at: 2) == [[.int(2), .string("b")]: 1])
    }

    @Test func aRowOfTheSameEpochThatIsRetractedIsNeverSeen() throws {
        let store = RowStore(types: Self.types)
        let row: [Value] = [.int(1), .string("a")]
        try store.apply(Batch(rows: [row], types: Self.types, weights: [3]), at: Epoch(1))
        try store.apply(Batch(rows: [row], types: Self.types, weights: [-3]), at: Epoch(1))
        store.publish()
        #expect(Self.scan(store, at: 1) == [:])
        #expect(Self.zset(store.changes(after: Epoch(0), through: Epoch(1))) == [:])
    }

    @Test(arguments: [-1, -3] as [Int64])
    func retractingWhatIsNotThereIsAnError(weight: Int64) throws {
        let store = RowStore(types: Self.types)
        try store.apply(
            Batch(rows: [[.int(1), .string("a")]], types: Self.types, weights: [2]), at: Epoch(1))
        let text = weight == -1 ? "b" : "a"
        let bad = Batch(rows: [[.int(1), .string(text)]], types: Self.types, weights: [weight])
        #expect(throws: SQLError.self) { try store.apply(bad, at: Epoch(2)) }
    }

    @Test func theCurrentRowOfAKeyIsFound() throws {
        let store = RowStore(types: Self.types, key: [0])
        let old: [Value] = [.int(1), .string("old")]
        let new: [Value] = [.int(1), .string("new")]
        try store.apply(Batch(rows: [old], types: Self.types), at: Epoch(1))
        try store.apply(
            Batch(rows: [old, new], types: Self.types, weights: [-1, 1]), at: Epoch(2))
        let keys = Batch(rows: [[.int(1)], [.int(2)]], types: [.int64])
        let views = keys.columns.map(\.view)
        let found = try #require(store.currentRow(key: views, 0))
        #expect(store.rows([found]).row(0) == new)
        #expect(store.currentRow(key: views, 1) == nil)
        withExtendedLifetime(keys) {}
    }
}
