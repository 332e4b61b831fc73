import Dataflow
import State
import Testing
import Types

@Suite struct DistinctOperatorTests {
    static let seeds: [UInt64] = Array(1...10)

    @Test(arguments: seeds)
    func distinctFollowsRandomChanges(seed: UInt64) throws {
        var changes = RandomChanges(seed: seed, types: [.int64, .text])
        var rig = Rig(DistinctOperator([.int64, .text]))
        for step in 1...10 {
            let batch = changes.next(
                rows: Int.random(in: 0...25, using: &changes.random), domain: 4)
            try rig.step(batch.cut(&changes.random).map { (port: 0, batch: $0) })
            #expect(rig.output == changes.content.distinct, "seed \(seed), step \(step)")
            if step == 5 {
                let restored = Rig(DistinctOperator([.int64, .text]))
                try rig.restore(into: restored)
                rig = restored
            }
        }
    }

    @Test func onlyTheLastCopyTakesTheRowAway() throws {
        let rig = Rig(DistinctOperator([.int64]))
        let row: [Value] = [.int(1)]
        try rig.step(Batch(rows: [row], types: [.int64], weights: [5]))
        let kept = try rig.step(Batch(rows: [row], types: [.int64], weights: [-4]))
        #expect(NaiveRelation(kept).rows.isEmpty)
        try rig.step(Batch(rows: [row], types: [.int64], weights: [-1]))
        #expect(rig.output.rows.isEmpty)
    }
}

@Suite struct StatelessOperatorTests {
    private static let types: [DataType.Physical] = [.int64, .int64]

    private static func call(_ name: String, _ left: Expr, _ right: Expr, _ type: DataType) throws
        -> Expr
    {
        .call(try #require(FunctionRegistry.exact(name, [.int8, .int8])), [left, right], type)
    }

    private static let a = Expr.column(0, .int8)
    private static let b = Expr.column(1, .int8)
    private static let zero = Expr.constant(.int(0), .int8)
    private static let rows: [[Value]] = [
        [.int(10), .int(2)], [.int(10), .int(0)], [.null, .int(0)], [.int(10), .null],
        [.int(-9), .int(3)],
    ]

    @Test(arguments: [1, 2, 5])
    func rowsThatFailAreSetAsideAndTheOthersGoOn(size: Int) throws {
        let rig = Rig(MapOperator([Self.a, try Self.call("/", Self.a, Self.b, .int8)]))
        let batch = Batch(rows: Self.rows, types: Self.types, weights: [1, 2, 3, -1, 5])
        try rig.step(
            stride(from: 0, to: 5, by: size).map { (0, batch.slice($0, min($0 + size, 5))) })
        #expect(
            rig.output.rows == [
                [.int(10), .int(5)]: 1, [.null, .null]: 3, [.int(10), .null]: -1,
                [.int(-9), .int(-3)]: 5,
            ])
        #expect(NaiveRelation(rig.circuit.failed.map(\.rows)).rows == [Self.rows[1]: 2])
        #expect(rig.circuit.failed.flatMap(\.errors).map(\.state) == [.divisionByZero])
    }

    @Test func anAdHocQueryEndsWithTheFirstFailure() throws {
        let rig = Rig(MapOperator([try Self.call("/", Self.a, Self.b, .int8)]), failsFast: true)
        let batch = Batch(rows: Self.rows, types: Self.types)
        #expect(throws: SQLError(.divisionByZero, "division by zero")) { try rig.step(batch) }
    }

    @Test(
        "A row gives all values of its series or none, however late one fails; a query ends there")
    func aSeriesFailsAsAWhole() throws {
        let minute: Int64 = 60_000_000
        let last =
            Timestamp.days(year: 294277, month: 1, day: 1) * Timestamp.microsecondsPerDay - minute
        let step = Expr.constant(
            .interval(Interval(months: 0, days: 0, microseconds: minute)), .interval)
        let series = {
            SeriesOperator([.column(0, .timestamp), .column(1, .timestamp), step], .timestamp)
        }
        let early: [Value] = [.int(last - minute), .int(last - 1)]
        let late: [Value] = [.int(last - 10_000 * minute), .int(last)]
        let endless: [Value] = [.int(0), .int(Timestamp.infinity)]
        let rig = Rig(series())
        try rig.step(Batch(rows: [late, early, endless], types: Self.types))
        #expect(rig.output.rows == [early + [early[0]]: 1])
        #expect(NaiveRelation(rig.circuit.failed.map(\.rows)).rows == [late: 1, endless: 1])
        #expect(Set(rig.circuit.failed.flatMap(\.errors).map(\.state)) == [.datetimeFieldOverflow])
        let query = Rig(series(), failsFast: true)
        #expect(throws: SQLError.self) { try query.step(Batch(rows: [late], types: Self.types)) }
    }

    @Test func andGuardsADivision() throws {
        let nonzero = try Self.call("<>", Self.b, Self.zero, .boolean)
        let quotient = try Self.call("/", Self.a, Self.b, .int8)
        let rig = Rig(
            FilterOperator(.and(nonzero, try Self.call(">", quotient, Self.zero, .boolean))))
        try rig.step(Batch(rows: Self.rows, types: Self.types))
        #expect(rig.output.rows == [Self.rows[0]: 1])
        #expect(rig.circuit.failed.isEmpty)
    }

    @Test func orGuardsADivision() throws {
        let isZero = try Self.call("=", Self.b, Self.zero, .boolean)
        let quotient = try Self.call("/", Self.a, Self.b, .int8)
        let rig = Rig(
            FilterOperator(.or(isZero, try Self.call(">", quotient, Self.zero, .boolean))))
        try rig.step(Batch(rows: Self.rows, types: Self.types))
        #expect(rig.output.rows == [Self.rows[0]: 1, Self.rows[1]: 1, Self.rows[2]: 1])
        #expect(rig.circuit.failed.isEmpty)
    }

    @Test func caseGuardsADivision() throws {
        let nonzero = try Self.call("<>", Self.b, Self.zero, .boolean)
        let quotient = try Self.call("/", Self.a, Self.b, .int8)
        let rig = Rig(
            MapOperator([
                .cases(
                    [(when: nonzero, then: quotient)], otherwise: .constant(.int(-1), .int8), .int8)
            ]))
        try rig.step(Batch(rows: Self.rows, types: Self.types))
        #expect(rig.output.rows == [[.int(5)]: 1, [.int(-1)]: 3, [.int(-3)]: 1])
        #expect(rig.circuit.failed.isEmpty)
    }

    @Test func aFailingPredicateSetsItsRowAside() throws {
        let quotient = try Self.call("/", Self.a, Self.b, .int8)
        let rig = Rig(FilterOperator(try Self.call(">", quotient, Self.zero, .boolean)))
        try rig.step(Batch(rows: Self.rows, types: Self.types))
        #expect(rig.output.rows == [Self.rows[0]: 1])
        #expect(NaiveRelation(rig.circuit.failed.map(\.rows)).rows == [Self.rows[1]: 1])
    }

    @Test(arguments: [41, 42] as [UInt64])
    func aRestoredViewHasTheSameRows(seed: UInt64) throws {
        var changes = RandomChanges(seed: seed, types: [.int64, .text])
        let types: [DataType.Physical] = [.int64, .text]
        let first = MaterializeOperator(store: RowStore(types: types))
        var runs: [Batch] = []
        for epoch in 1...6 {
            first.epoch = Epoch(UInt32(epoch))
            let circuit = Circuit(failsFast: false)
            let node = circuit.add("view", first, inputs: [])
            try circuit.push(changes.next(rows: 20).consolidated(), into: node)
            try circuit.finish()
            runs += first.capture()
        }
        let second = MaterializeOperator(store: RowStore(types: types))
        second.epoch = Epoch(6)
        try second.restore(runs)
        second.store.publish()
        let snapshot = second.store.snapshot()
        let rows = (0..<snapshot.pageCount).map {
            snapshot.scan(page: $0, at: Epoch(6), columns: [0, 1])
        }
        #expect(NaiveRelation(rows) == changes.content, "seed \(seed)")
    }
}
