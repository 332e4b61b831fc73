import Connectors
import Platform
import Planner
import State
import Types

/// The sources that the engine reads: their splits, decoded chunks of the step in progress, and the
/// records that could not be decoded.
final class SourceRegistry {
    struct Entry {
        let object: CatalogObject
        let reader: any SourceReader
        /// Columns that any view wants, ascending.
        var columns: [Int] = []
    }

    private let decoders = WorkerPool(name: "decode", threads: 1)
    private(set) var entries: [Int32: Entry] = [:]
    private struct ChunkKey: Hashable {
        let source: Int32
        let split: String
        let from: Int64
        let to: Int64
    }

    private var cache: [ChunkKey: (columns: [Int], chunk: SourceChunk)] = [:]
    /// Rejected records are reported once: those below this offset have been.
    private(set) var reported: [String: Int64] = [:]
    /// Rejected records that are not in the dead letters yet.
    private(set) var rejected: [(source: String, record: RejectedRecord)] = []

    func add(_ object: CatalogObject, _ reader: any SourceReader) {
        entries[object.oid] = Entry(object: object, reader: reader)
    }

    func remove(_ source: Int32) { entries[source] = nil }

    /// Says which columns of a source a new view reads.
    func want(_ columns: [Int], of source: Int32) {
        guard var entry = entries[source] else { return }
        entry.columns = Set(entry.columns + columns).sorted()
        entries[source] = entry
    }

    /// Reads a chunk for a live view; views at the same place share the decoding.
    func shared(_ source: Int32, _ split: String, from: Int64, to: Int64, columns: [Int], rows: Int)
        throws(SQLError) -> SourceChunk
    {
        guard let entry = entries[source] else { throw .internalFault("source \(source) is gone") }
        let key = ChunkKey(source: source, split: split, from: from, to: to)
        let (all, chunk): ([Int], SourceChunk)
        if let found = cache[key], columns.allSatisfy({ found.columns.contains($0) }) {
            (all, chunk) = (found.columns, found.chunk)
        } else {
            all = entry.columns
            chunk = try entry.reader.read(
                split, from: from, to: to, columns: all, maximumRows: rows)
            report(chunk, source: entry.object, split)
            cache[key] = (all, chunk)
        }
        let positions = columns.compactMap { all.firstIndex(of: $0) }
        return SourceChunk(batch: chunk.batch.projected(positions), next: chunk.next)
    }

    /// Reads a chunk for a view that is behind, past the cache.
    func alone(_ source: Int32, _ split: String, from: Int64, to: Int64, columns: [Int], rows: Int)
        throws(SQLError) -> SourceChunk
    {
        guard let entry = entries[source] else { throw .internalFault("source \(source) is gone") }
        let chunk = try entry.reader.read(
            split, from: from, to: to, columns: columns, maximumRows: rows)
        report(chunk, source: entry.object, split)
        return chunk
    }

    /// Decodes a chunk on another thread, for a view that reads a split from end to end.
    func ahead(_ source: Int32, _ split: String, from: Int64, to: Int64, columns: [Int], rows: Int)
        -> DecodeAhead?
    {
        guard let entry = entries[source], from < to else { return nil }
        let (reader, ahead) = (entry.reader, DecodeAhead(from: from))
        decoders.submit {
            ahead.finish(
                Result { () throws(SQLError) in
                    try reader.read(split, from: from, to: to, columns: columns, maximumRows: rows)
                })
        }
        return ahead
    }

    /// Takes in what was decoded ahead; waits for it when it is not there yet.
    func take(_ ahead: DecodeAhead, _ source: Int32, _ split: String) throws(SQLError)
        -> SourceChunk
    {
        let chunk = try ahead.wait()
        if let entry = entries[source] { report(chunk, source: entry.object, split) }
        return chunk
    }

    private func report(_ chunk: SourceChunk, source: CatalogObject, _ split: String) {
        let key = "\(source.oid)/\(split)"
        let floor = reported[key] ?? 0
        for record in chunk.rejected where record.offset >= floor {
            rejected.append((source.name, record))
        }
        reported[key] = max(floor, chunk.next)
    }

    func restoreReported(_ key: String, _ offset: Int64) { reported[key] = offset }

    func takeRejected() -> [(source: String, record: RejectedRecord)] {
        let taken = rejected
        rejected = []
        return taken
    }

    func endStep() { cache.removeAll(keepingCapacity: true) }
}
