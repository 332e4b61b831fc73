import Dataflow
import Testing
import Types

/// The two zeros are equal, and different images: what is retracted must be what was said.
@Suite struct ExtremeImageTests {
    @Test func aLeastValueThatChangesItsImageIsRetractedAsItWas() throws {
        let least = Aggregate(.min, argument: .column(0, .float8), filter: nil, result: .float8)
        let rig = Rig(AggregateOperator(keys: [], aggregates: [least]))
        var bits: [UInt64: Int64] = [:]
        for value in [0.0, -0.0, -5.0] {
            for batch in try rig.step(Batch(rows: [[.double(value)]], types: [.double])) {
                for row in 0..<batch.count {
                    if case .double(let found) = batch.row(row)[0] {
                        bits[found.bitPattern, default: 0] += batch.weight(row)
                    }
                }
            }
        }
        #expect(bits.filter { $0.value != 0 } == [(-5.0).bitPattern: 1])
    }
}
