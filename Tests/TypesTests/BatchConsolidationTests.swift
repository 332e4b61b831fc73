import Testing
import Types

@Suite struct BatchConsolidationTests {
    private static func weights(_ batch: Batch) -> [[Value]: Int64] {
        var sums: [[Value]: Int64] = [:]
        for row in 0..<batch.count { sums[batch.row(row), default: 0] += batch.weight(row) }
        return sums.filter { $0.value != 0 }
    }

    static let seeds: [UInt64] = Array(1...20)

    @Test(arguments: seeds)
    func randomChangesAreNetted(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        let numbers = try ["1.0", "1.00", "-0.5"].map {
            try #require(try Numeric.parse(Array($0.utf8)))
        }
        let count = Int.random(in: 1...600, using: &random)
        var (rows, weights): ([[Value]], [Int64]) = ([], [])
        for _ in 0..<count {
            let text = ["", "a", "ab", "b"].randomElement(using: &random) ?? ""
            let values: [Value] = [
                .int(Int64.random(in: 0..<5, using: &random)), .string(text),
                .numeric(numbers.randomElement(using: &random) ?? .zero),
            ]
            rows.append(values.map { Int.random(in: 0..<6, using: &random) == 0 ? .null : $0 })
            weights.append(Int64.random(in: -3...3, using: &random))
        }
        let batch = Batch(rows: rows, types: [.int64, .text, .numeric], weights: weights)
        let net = batch.consolidated()
        #expect(Self.weights(net) == Self.weights(batch), "seed \(seed)")
        #expect(
            Set((0..<net.count).map { net.row($0) }).count == net.count,
            "one row an image, seed \(seed)")
        #expect((0..<net.count).allSatisfy { net.weight($0) != 0 }, "no zeros, seed \(seed)")
        #expect(net.totalWeight == batch.totalWeight, "seed \(seed)")
    }

    @Test func equalNumbersOfDifferentImageStayApart() throws {
        let (short, long) = (
            Numeric(coefficient: 10, scale: 1), Numeric(coefficient: 100, scale: 2)
        )
        let batch = Batch(
            rows: [[.numeric(short)], [.numeric(long)]], types: [.numeric], weights: [1, -1])
        #expect(batch.consolidated().count == 2)
    }

    @Test func whatCancelsLeavesNothing() {
        let batch = Batch(
            rows: [[.int(1)], [.null], [.int(1)], [.null]], types: [.int64],
            weights: [-2, 5, 2, -5])
        #expect(batch.consolidated().count == 0)
    }

    @Test func aBatchPlusItsNegationIsNothing() {
        let batch = Batch(rows: [[.string("a")], [.string("b")], [.string("a")]], types: [.text])
        let both = Batch.concatenated([batch, batch.negated], types: [.text])
        #expect(both.count == 6)
        #expect(both.consolidated().count == 0)
    }
}
