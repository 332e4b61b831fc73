import Connectors
import Testing
import Types

@Suite struct NexmarkGeneratorTests {
    @Test(arguments: [0, 7] as [UInt64])
    func anEventIsTheSameWheneverItIsAskedFor(seed: UInt64) {
        let (first, second) = (NexmarkGenerator(seed: seed), NexmarkGenerator(seed: seed))
        let forwards = (0..<500).map { first.values($0) }
        let backwards = (0..<500).reversed().map { second.values($0) }
        #expect(forwards == backwards.reversed(), "seed \(seed)")
        #expect((0..<50).map { first.json($0) } == (0..<50).map { second.json($0) })
    }

    @Test func anotherSeedGivesOtherEvents() {
        let (first, second) = (NexmarkGenerator(seed: 1), NexmarkGenerator(seed: 2))
        #expect((0..<100).map { first.values($0) } != (0..<100).map { second.values($0) })
    }

    @Test func ofFiftyEventsOneIsAPersonAndThreeAreAuctions() {
        var counts: [NexmarkGenerator.Stream: Int] = [:]
        for event in 0..<Int64(5000) { counts[NexmarkGenerator.stream(of: event), default: 0] += 1 }
        #expect(counts == [.person: 100, .auction: 300, .bid: 4600])
    }

    @Test func valuesFitTheirColumns() {
        let generator = NexmarkGenerator(seed: 3)
        for event in 0..<Int64(2000) {
            let columns = NexmarkGenerator.columns(NexmarkGenerator.stream(of: event))
            let values = generator.values(event)
            #expect(values.count == columns.count)
            for (value, column) in zip(values, columns) {
                #expect(
                    (value.int != nil) == (column.1.physical == .int64),
                    "\(column.0) of event \(event)")
            }
        }
    }

    @Test func idsCountUpFromAThousand() {
        let generator = NexmarkGenerator(seed: 3)
        #expect(
            [0, 50, 100].map { generator.values($0)[0] } == [.int(1000), .int(1001), .int(1002)])
        #expect(
            [1, 2, 3, 51].map { generator.values($0)[0] } == [
                .int(1000), .int(1001), .int(1002), .int(1003),
            ])
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func halfOfTheBidsGoToTheHotAuction(seed: UInt64) {
        let generator = NexmarkGenerator(seed: seed)
        var (bids, hotAuctions, hotBidders) = (0, 0, 0)
        for event in Int64(1_000_000)..<1_020_000 where NexmarkGenerator.stream(of: event) == .bid {
            let values = generator.values(event)
            bids += 1
            if values[0].int == (event / 50 * 3 + 2) / 100 * 100 + 1000 { hotAuctions += 1 }
            if values[1].int == event / 50 / 100 * 100 + 1001 { hotBidders += 1 }
        }
        let (auctionShare, bidderShare) = (
            Double(hotAuctions) / Double(bids), Double(hotBidders) / Double(bids)
        )
        #expect((0.47...0.54).contains(auctionShare), "seed \(seed): \(auctionShare)")
        #expect((0.72...0.78).contains(bidderShare), "seed \(seed): \(bidderShare)")
    }
}
