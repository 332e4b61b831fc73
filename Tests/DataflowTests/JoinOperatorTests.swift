import Dataflow
import Testing
import Types

@Suite struct JoinOperatorTests {
    private static let types: [DataType.Physical] = [.int64, .text]

    private static func join() -> JoinOperator {
        JoinOperator(left: types, right: types, keys: [(left: 0, right: 0)], condition: nil)
    }

    private static func step(
        _ rig: Rig, _ left: inout RandomChanges, _ right: inout RandomChanges, rows: Int
    ) throws {
        var chunks = left.next(rows: rows).cut(&left.random).map { (port: 0, batch: $0) }
        chunks += right.next(rows: rows).cut(&right.random).map { (port: 1, batch: $0) }
        chunks.shuffle(using: &left.random)
        try rig.step(chunks)
    }

    static let seeds: [UInt64] = Array(1...12)

    @Test(arguments: seeds)
    func aJoinOfRandomChangesIsTheJoinOfTheirSums(seed: UInt64) throws {
        var left = RandomChanges(seed: seed, types: Self.types)
        var right = RandomChanges(seed: seed &+ 1000, types: Self.types)
        let rig = Rig(Self.join(), inputs: 2)
        for step in 1...8 {
            try Self.step(rig, &left, &right, rows: Int.random(in: 0...20, using: &left.random))
            let expected = left.content.joined(right.content, on: (0, 0))
            #expect(rig.output == expected, "seed \(seed), step \(step)")
        }
    }

    @Test(arguments: [21, 22, 23] as [UInt64])
    func aRestoredJoinGoesOnAsBefore(seed: UInt64) throws {
        var left = RandomChanges(seed: seed, types: Self.types)
        var right = RandomChanges(seed: seed &+ 1000, types: Self.types)
        let (first, second) = (Rig(Self.join(), inputs: 2), Rig(Self.join(), inputs: 2))
        for _ in 0..<4 { try Self.step(first, &left, &right, rows: 15) }
        try first.restore(into: second)
        for step in 0..<4 {
            try Self.step(second, &left, &right, rows: 15)
            let expected = left.content.joined(right.content, on: (0, 0))
            #expect(second.output == expected, "seed \(seed), step \(step)")
        }
    }

    @Test func aConditionIsCheckedOnPairs() throws {
        let less = try #require(FunctionRegistry.exact("<", [.int8, .int8]))
        let join = JoinOperator(
            left: [.int64, .int64], right: [.int64, .int64], keys: [(left: 0, right: 0)],
            condition: .call(less, [.column(1, .int8), .column(3, .int8)], .boolean))
        let rig = Rig(join, inputs: 2)
        try rig.step([
            (0, Batch(rows: [[.int(1), .int(5)], [.int(2), .int(5)]], types: [.int64, .int64])),
            (1, Batch(rows: [[.int(1), .int(6)], [.int(2), .int(4)]], types: [.int64, .int64])),
        ])
        #expect(rig.output.rows == [[.int(1), .int(5), .int(1), .int(6)]: 1])
    }

    @Test func moreMatchesThanOneChunkAllComeOut() throws {
        let rig = Rig(Self.join(), inputs: 2)
        let many = (0..<40_000).map { [Value.int(7), .string("\($0)")] }
        try rig.step([(1, Batch(rows: many, types: Self.types))])
        try rig.step([(0, Batch(rows: [[.int(7), .string("a")]], types: Self.types, weights: [2]))])
        #expect(rig.output.rows.count == 40_000)
        #expect(rig.output.rows.values.allSatisfy { $0 == 2 })
    }

    @Test(arguments: [1000, 100_000])
    func oneChangedRowTouchesItsMatchesOnly(stateRows: Int) throws {
        let rig = Rig(Self.join(), inputs: 2)
        let state = (0..<stateRows).map { [Value.int(Int64($0)), .string("s")] }
        try rig.step([(1, Batch(rows: state, types: Self.types))])
        let before = rig.circuit.operators.map(\.rows)
        try rig.step([(0, Batch(rows: [[.int(500), .string("a")]], types: Self.types))])
        let touched = zip(rig.circuit.operators, before).map { $0.rows - $1 }
        #expect(touched == [1, 0, 1, 1])
    }
}
