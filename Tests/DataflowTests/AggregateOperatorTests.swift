import Dataflow
import Testing
import Types

@Suite struct AggregateOperatorTests {
    private static let types: [DataType.Physical] = [.text, .int64]

    /// count(*), count(x), sum(x), avg(x), min(x), max(x) by the first column.
    private static func aggregate() -> AggregateOperator {
        let value = Expr.column(1, .int8)
        let functions: [(Aggregate.Function, DataType)] = [
            (.countAll, .int8), (.count, .int8), (.sum, .numeric), (.avg, .numeric), (.min, .int8),
            (.max, .int8),
        ]
        return AggregateOperator(
            keys: [.column(0, .text)],
            aggregates: functions.map { function, result in
                Aggregate(
                    function, argument: function == .countAll ? nil : value, filter: nil,
                    result: result)
            })
    }

    private static func expected(_ content: NaiveRelation) throws -> NaiveRelation {
        var failure: SQLError?
        let result = content.grouped { members in
            let present = members.filter { $0.row[1] != .null }
            let numbers = present.compactMap { $0.row[1].int }
            let count = present.reduce(0) { $0 + $1.weight }
            let sum = present.reduce(Int64(0)) { $0 + ($1.row[1].int ?? 0) * $1.weight }
            var average = Value.null
            do throws(SQLError) {
                if count > 0 {
                    average = .numeric(try Numeric.divide(Numeric(sum), Numeric(count)))
                }
            } catch { failure = error }
            return [
                .int(members.reduce(0) { $0 + $1.weight }), .int(count),
                count > 0 ? .numeric(Numeric(sum)) : .null, average,
                numbers.min().map { .int($0) } ?? .null, numbers.max().map { .int($0) } ?? .null,
            ]
        }
        if let failure { throw failure }
        return result
    }

    static let seeds: [UInt64] = Array(1...12)

    @Test(arguments: seeds)
    func groupsFollowRandomChanges(seed: UInt64) throws {
        var changes = RandomChanges(seed: seed, types: Self.types)
        let rig = Rig(Self.aggregate())
        for step in 1...10 {
            let batch = changes.next(rows: Int.random(in: 0...25, using: &changes.random))
            let new = try rig.step(batch.cut(&changes.random).map { (port: 0, batch: $0) })
            #expect(
                rig.output == (try Self.expected(changes.content)), "seed \(seed), step \(step)")
            #expect(new.count <= 1, "one change a step, seed \(seed)")
        }
    }

    @Test(arguments: [31, 32, 33] as [UInt64])
    func aRestoredAggregateGoesOnAsBefore(seed: UInt64) throws {
        var changes = RandomChanges(seed: seed, types: Self.types)
        let (first, second) = (Rig(Self.aggregate()), Rig(Self.aggregate()))
        for _ in 0..<4 { try first.step(changes.next(rows: 20)) }
        try first.restore(into: second)
        for step in 0..<4 {
            try second.step(changes.next(rows: 20))
            #expect(
                second.output == (try Self.expected(changes.content)), "seed \(seed), step \(step)")
        }
    }

    @Test func rowsOutAndBackInOneStepGiveNoOutput() throws {
        let rig = Rig(Self.aggregate())
        let row: [Value] = [.string("a"), .int(3)]
        try rig.step(Batch(rows: [row], types: Self.types))
        let new = try rig.step(Batch(rows: [row, row], types: Self.types, weights: [-1, 1]))
        #expect(NaiveRelation(new).rows.isEmpty)
    }

    @Test func negativeBeforePositiveInOneStepIsHarmless() throws {
        let rig = Rig(Self.aggregate())
        let row: [Value] = [.string("a"), .int(3)]
        try rig.step(Batch(rows: [row, row], types: Self.types, weights: [-2, 3]))
        let one = Numeric(coefficient: 3, scale: 0)
        let average = try Numeric.divide(one, Numeric(Int64(1)))
        #expect(
            rig.output.rows == [
                [
                    .string("a"), .int(1), .int(1), .numeric(one), .numeric(average), .int(3),
                    .int(3),
                ]: 1
            ])
    }

    @Test func withoutKeysThereIsAlwaysOneRow() throws {
        let count = Aggregate(.countAll, argument: nil, filter: nil, result: .int8)
        let sum = Aggregate(.sum, argument: .column(0, .int8), filter: nil, result: .numeric)
        let rig = Rig(AggregateOperator(keys: [], aggregates: [count, sum]))
        try rig.step([])
        #expect(rig.output.rows == [[.int(0), .null]: 1])
        try rig.step(Batch(rows: [[.int(5)]], types: [.int64]))
        #expect(rig.output.rows == [[.int(1), .numeric(Numeric(Int64(5)))]: 1])
        try rig.step(Batch(rows: [[.int(5)]], types: [.int64], weights: [-1]))
        #expect(rig.output.rows == [[.int(0), .null]: 1])
    }

    // MARK: - Floats

    private static func floats(_ function: Aggregate.Function) -> AggregateOperator {
        AggregateOperator(
            keys: [],
            aggregates: [
                Aggregate(function, argument: .column(0, .float8), filter: nil, result: .float8)
            ])
    }

    private static func doubles(_ values: [Double], _ weight: Int64 = 1) -> Batch {
        Batch(
            rows: values.map { [.double($0)] }, types: [.double],
            weights: values.map { _ in weight })
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func floatSumsAreTheSameInAnyOrderAndAfterRetraction(seed: UInt64) throws {
        var random = SeededGenerator(seed)
        let values = (0..<200).map { _ in
            let value = Double.random(in: -1...1, using: &random)
            return value
                * Double(
                    sign: .plus, exponent: Int.random(in: -1000...900, using: &random),
                    significand: 1)
        }
        let first = Rig(Self.floats(.sum))
        try first.step(Self.doubles(values))
        let second = Rig(Self.floats(.sum))
        let noise = (0..<50).map { _ in Double.random(in: -1e300...1e300, using: &random) }
        try second.step(Self.doubles(noise))
        for chunk in Self.doubles(values.shuffled(using: &random)).cut(&random) {
            try second.step(chunk)
        }
        try second.step(Self.doubles(noise.shuffled(using: &random), -1))
        #expect(first.output == second.output, "seed \(seed)")
        try second.step(Self.doubles(values.shuffled(using: &random), -1))
        #expect(second.output.rows == [[.null]: 1], "seed \(seed)")
    }

    static let exact: [(values: [Double], sum: Double)] = [
        ([1e100, 1, -1e100], 1), ([0.1, 0.2, 0.3, -0.3, -0.2, -0.1], 0),
        (
            [Double.leastNonzeroMagnitude, Double.leastNonzeroMagnitude],
            (2 * Double.leastNonzeroMagnitude)
        ),
        ([1, 1e-16, 1e-16], 1.0000000000000002), ([-1e308, -1e-308, 1e308], -1e-308),
        ([9007199254740992, 1], 9007199254740992),
        ([9007199254740992, 1, 1], 9007199254740994), ([-1, 0.5], -0.5),
        (
            [2.2250738585072014e-308, -Double.leastNonzeroMagnitude],
            Double.leastNormalMagnitude.nextDown
        ),
    ]

    @Test(arguments: exact)
    func floatSumsAreRoundedOnce(values: [Double], sum: Double) throws {
        let rig = Rig(Self.floats(.sum))
        try rig.step(Self.doubles(values))
        #expect(rig.output.rows == [[.double(sum)]: 1])
    }

    @Test(arguments: [1000, 100_000])
    func oneChangedRowTouchesOneGroup(groups: Int) throws {
        let rig = Rig(Self.aggregate())
        let rows = (0..<groups).map { [Value.string("g\($0)"), .int(1)] }
        try rig.step(Batch(rows: rows, types: Self.types))
        let before = rig.circuit.operators.map(\.rows)
        try rig.step(Batch(rows: [[.string("g7"), .int(2)]], types: Self.types))
        let touched = zip(rig.circuit.operators, before).map { $0.rows - $1 }
        #expect(touched == [1, 1, 2])
    }
}
