package import Types

/// Sends each row to the shard that owns its key, so that rows with equal keys meet.
///
/// Rows are held until the driver (`ShardedCircuit`) hands them over; with one shard they pass
/// straight through. The upper eight bits of the key's hash choose one of 256 partitions, and those
/// are spread evenly over the shards: the same bits as in a restored checkpoint, whatever the number
/// of shards was when it was written.
package final class ExchangeOperator: Operator, BatchHolder {
    private let keys: [Expr]
    private let shards: Int
    /// What waits for each shard.
    private var outboxes: [[Batch]]
    private(set) var heldBytes = 0

    /// - Parameter keys: over the input's columns; none sends everything to the first shard.
    package init(keys: [Expr], shards: Int) {
        self.keys = keys
        self.shards = shards
        outboxes = Array(repeating: [], count: shards)
    }

    package func receive(_ chunk: Batch, port: Int, out: Output) throws(SQLError) {
        if shards == 1 { return try out.emit(chunk) }
        if keys.isEmpty {
            outboxes[0].append(chunk)
            heldBytes += chunk.byteCount
            return
        }
        let evaluation = Evaluation(chunk)
        let columns = keys.map { evaluation.evaluate($0) }
        if let kept = try out.divert(evaluation, chunk) {
            return try receive(chunk.gathered(kept), port: port, out: out)
        }
        for (shard, part) in Partition.split(chunk, by: columns, shards: shards).enumerated()
        where part.count > 0 {
            outboxes[shard].append(part)
            heldBytes += part.byteCount
        }
    }

    /// Hands over what waits for a shard.
    func take(for shard: Int) -> [Batch] {
        let taken = outboxes[shard]
        outboxes[shard] = []
        heldBytes -= taken.reduce(0) { $0 + $1.byteCount }
        return taken
    }
}

/// Which shard owns a key.
package enum Partition {
    /// The shard of a hash, of so many.
    static func shard(_ hash: UInt64, of shards: Int) -> Int {
        Int(truncatingIfNeeded: ((hash >> 56) * UInt64(shards)) >> 8)
    }

    /// The rows of each shard, by the SQL-equality hash of `keys`.
    package static func split(_ batch: Batch, by keys: [Column], shards: Int) -> [Batch] {
        if shards == 1 { return [batch] }
        let views = keys.map(\.view)
        var rows = Array(repeating: [UInt32](), count: shards)
        for row in 0..<batch.count {
            let hash = hashRow(views, row, seed: rowHashSeed, image: false)
            rows[Partition.shard(hash, of: shards)].append(UInt32(row))
        }
        return withExtendedLifetime(keys) {
            rows.map { numbers in
                if numbers.count == batch.count { return batch }
                let storage = Storage(numbers)
                return batch.gathered(storage.cells)
            }
        }
    }
}
