package import Types

/// A record that could not become a row.
package struct RejectedRecord: Sendable {
    package let topic: String
    package let partition: Int32
    package let offset: Int64
    package let raw: [UInt8]
    package let reason: String

    package init(topic: String, partition: Int32, offset: Int64, raw: [UInt8], reason: String) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.raw = raw
        self.reason = reason
    }
}

/// Some rows of one split, and where reading goes on.
package struct SourceChunk: Sendable {
    package let batch: Batch
    package let next: Int64
    package let rejected: [RejectedRecord]

    package init(batch: Batch, next: Int64, rejected: [RejectedRecord] = []) {
        self.batch = batch
        self.next = next
        self.rejected = rejected
    }
}

/// Rows with positions, from the outside. Reading the same positions again gives the same rows.
package protocol SourceReader: Sendable {
    /// Names of the units that are read independently; positions are kept by these names, so two
    /// sources over one topic agree on where they are.
    var splits: [String] { get }
    /// Where a new source starts reading a split.
    func start(of split: String) -> Int64
    /// Behind the newest record that can be read now.
    func end(of split: String) -> Int64
    /// Where a piece that begins at `from` ends: at most `to`, and behind no more bytes than the limit
    /// says, unless one unit of storage alone has more.
    func cut(_ split: String, from: Int64, to: Int64, maximumBytes: Int) -> Int64
    /// Rows of `from..<to`, at most about `maximumRows` of them; only the wanted columns, in the order
    /// asked for. Never waits.
    func read(_ split: String, from: Int64, to: Int64, columns: [Int], maximumRows: Int)
        throws(SQLError) -> SourceChunk
}

extension SourceReader {
    /// `from..<to` in pieces of so many positions and bytes at most, in order.
    package func pieces(
        of split: String, from: Int64, to: Int64, rows: Int64, bytes: Int
    ) -> [Range<Int64>] {
        var pieces: [Range<Int64>] = []
        var start = from
        while start < to {
            let end = cut(split, from: start, to: min(start + rows, to), maximumBytes: bytes)
            pieces.append(start..<max(end, start + 1))
            start = max(end, start + 1)
        }
        return pieces
    }
}
