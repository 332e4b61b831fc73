import Dataflow
import Testing
import Types

@Suite struct SessionOperatorTests {
    private static let types: [DataType.Physical] = [.int64, .int64, .text]
    private static let gap: Int64 = 2

    private static func make() -> Rig {
        Rig(SessionOperator(types, partition: [0], session: .init(timeColumn: 1, gap: gap)))
    }

    /// Every row with the bounds of its session, by looking at all rows of its key.
    private static func sessions(_ content: NaiveRelation) -> NaiveRelation {
        var result = NaiveRelation()
        for (row, weight) in content.rows where weight > 0 {
            guard let time = row[1].int else { continue }
            let others = Set(content.rows.keys.filter { $0[0] == row[0] }.compactMap { $0[1].int })
            var (first, last) = (time, time)
            while let before = others.filter({ $0 < first && first - $0 <= gap }).min() {
                first = before
            }
            while let behind = others.filter({ $0 > last && $0 - last <= gap }).max() {
                last = behind
            }
            result.add(row + [.int(first), .int(last + gap)], weight)
        }
        return result
    }

    @Test(arguments: [(UInt64(1), Int64(12)), (2, 40), (3, 40), (4, 90), (5, 90), (6, 200)])
    func sessionsFollowRandomChanges(seed: UInt64, domain: Int64) throws {
        var changes = RandomChanges(seed: seed, types: Self.types)
        var rig = Self.make()
        for step in 1...14 {
            let count = Int.random(in: 0...30, using: &changes.random)
            let batch = changes.next(rows: count, domain: domain).keyed(by: 3)
            try rig.step(batch.cut(&changes.random).map { (port: 0, batch: $0) })
            #expect(
                rig.output == Self.sessions(changes.content.keyed(by: 3)),
                "seed \(seed), step \(step)")
            if step == 7 {
                let restored = Self.make()
                try rig.restore(into: restored)
                rig = restored
            }
        }
    }

    private static func row(_ time: Int64, _ weight: Int64 = 1) -> Batch {
        Batch(rows: [[.int(1), .int(time), .string("a")]], types: types, weights: [weight])
    }

    @Test func aBridgeMakesOneOfTwoAndItsDeletionTwoOfOne() throws {
        let rig = Self.make()
        for time: Int64 in [10, 12, 16, 17] { try rig.step(Self.row(time)) }
        let apart = rig.output
        try rig.step(Self.row(14))
        #expect(rig.output.rows.keys.allSatisfy { $0[3] == .int(10) && $0[4] == .int(19) })
        #expect(rig.output.rows.count == 5)
        try rig.step(Self.row(14, -1))
        #expect(rig.output == apart)
    }

    @Test func whatIsWithinASessionChangesNoOtherRow() throws {
        let rig = Self.make()
        for time: Int64 in [10, 12, 14] { try rig.step(Self.row(time)) }
        let came = NaiveRelation(try rig.step(Self.row(11)))
        #expect(came.rows == [[.int(1), .int(11), .string("a"), .int(10), .int(16)]: 1])
    }
}

extension NaiveRelation {
    /// With the first column, the key, as one of `count` values.
    fileprivate func keyed(by count: Int64) -> NaiveRelation {
        map { row in [row[0].int.map { .int($0 % count) } ?? .null] + row.dropFirst() }
    }
}

extension Batch {
    fileprivate func keyed(by count: Int64) -> Batch {
        Batch(
            rows: (0..<self.count).map { index in
                let row = self.row(index)
                return [row[0].int.map { .int($0 % count) } ?? .null] + row.dropFirst()
            }, types: [.int64, .int64, .text], weights: (0..<self.count).map { weight($0) })
    }
}
