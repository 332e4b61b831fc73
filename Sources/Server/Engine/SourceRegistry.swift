import Connectors
import Dataflow
import Platform
import Planner
import State
import Types

/// The sources that the engine reads: their splits, decoded chunks of the step in progress, and the
/// records that could not be decoded.
final class SourceRegistry {
    struct Entry {
        var object: CatalogObject
        let reader: any SourceReader
        /// Columns that any view wants, ascending.
        var columns: [Int] = []
        /// The source's WATERMARK, over all of its columns.
        var watermark: Expr?
        var watermarkColumns: [Int] = []

        /// The name of a split's position: a fed table has its own.
        func positionKey(_ split: String) -> String {
            object.isFed ? Entry.feedPrefix(object.oid) + split : split
        }

        static func feedPrefix(_ oid: Int32) -> String { "feed/\(oid)/" }
    }

    private let decoders: WorkerPool
    private(set) var entries: [Int32: Entry] = [:]
    /// A piece of a split, and the columns wanted of it.
    struct Part: Sendable {
        let source: Int32
        let split: String
        let columns: [Int]
        let from: Int64
        let to: Int64

        var place: Place { Place(source: source, split: split, from: from, to: to) }

        func reading(_ columns: [Int]) -> Part {
            Part(source: source, split: split, columns: columns, from: from, to: to)
        }

        /// All rows of the piece.
        func read(_ reader: any SourceReader) throws(SQLError) -> SourceChunk {
            let wanted = Int(to - from)
            var chunk = try reader.read(
                split, from: from, to: to, columns: columns, maximumRows: wanted)
            while chunk.next < to {
                let more = try reader.read(
                    split, from: chunk.next, to: to, columns: columns, maximumRows: wanted)
                let types = chunk.batch.columns.map(\.physical)
                chunk = SourceChunk(
                    batch: Batch.concatenated([chunk.batch, more.batch], types: types),
                    next: more.next, rejected: chunk.rejected + more.rejected)
            }
            return chunk
        }
    }

    /// What is decoded and stepped at a time of `from..<to`.
    static func pieces(_ reader: any SourceReader, _ split: String, from: Int64, to: Int64)
        -> [Range<Int64>]
    {
        reader.pieces(of: split, from: from, to: to, rows: 16384, bytes: 16 << 20)
    }

    struct Place: Hashable {
        let source: Int32
        let split: String
        let from: Int64
        let to: Int64
    }

    let watermarks = WatermarkStore()
    private var cache: [Place: (columns: [Int], chunk: SourceChunk)] = [:]
    /// Rejected records are reported once: those below this offset have been.
    private(set) var reported: [String: Int64] = [:]
    /// Rejected records that are not in the dead letters yet.
    private(set) var rejected: [(source: CatalogObject, record: RejectedRecord)] = []

    init(decoders threads: Int) { decoders = WorkerPool(name: "decode", threads: threads) }

    func add(_ object: CatalogObject, _ reader: any SourceReader, watermark: Expr? = nil) {
        var entry = Entry(object: object, reader: reader)
        entry.watermarkColumns = watermark?.columns.sorted() ?? []
        entry.watermark = watermark
        entries[object.oid] = entry
    }

    /// - Returns: whether it was a source.
    func remove(_ source: Int32) -> Bool {
        watermarks.remove(source)
        return entries.removeValue(forKey: source) != nil
    }

    /// The object has another name.
    func rename(_ object: CatalogObject) { entries[object.oid]?.object = object }

    /// Says which columns of a source a new view reads.
    func want(_ columns: [Int], of source: Int32) {
        guard var entry = entries[source] else { return }
        entry.columns = Set(entry.columns + columns).sorted()
        entries[source] = entry
    }

    /// Starts to decode a chunk on another thread. Views at the same place share the decoding.
    func ahead(_ part: Part, isShared: Bool) -> DecodeAhead? {
        guard let entry = entries[part.source] else { return nil }
        if isShared, cache[part.place].map({ part.columns.allSatisfy($0.columns.contains) }) == true
        {
            return nil
        }
        let whole = part.reading(columns(part, entry, isShared: isShared))
        let (reader, ahead) = (entry.reader, DecodeAhead(columns: whole.columns))
        decoders.submit {
            ahead.finish(Result { () throws(SQLError) in try whole.read(reader) })
        }
        return ahead
    }

    /// The rows of a chunk: decoded now, or taken from where they have been decoded.
    func take(_ part: Part, _ waiting: DecodeAhead?, isShared: Bool) throws(SQLError) -> Batch {
        guard let entry = entries[part.source] else {
            throw .internalFault("source \(part.source) is gone")
        }
        if isShared, let found = cache[part.place],
            part.columns.allSatisfy(found.columns.contains)
        {
            return found.chunk.batch.projected(
                part.columns.compactMap { found.columns.firstIndex(of: $0) })
        }
        let columns = waiting?.columns ?? columns(part, entry, isShared: isShared)
        let chunk: SourceChunk
        if let waiting {
            chunk = try waiting.wait()
        } else {
            chunk = try part.reading(columns).read(entry.reader)
        }
        report(chunk, source: entry.object, part.split)
        if let watermark = entry.watermark {
            watermarks.observe(
                chunk.batch, watermark.remapped { columns.firstIndex(of: $0) ?? $0 },
                WatermarkStore.Key(source: part.source, split: part.split))
        }
        if isShared { cache[part.place] = (columns, chunk) }
        return chunk.batch.projected(part.columns.compactMap { columns.firstIndex(of: $0) })
    }

    /// What is decoded of a part: what is wanted of it, and what its watermark is made of.
    private func columns(_ part: Part, _ entry: Entry, isShared: Bool) -> [Int] {
        let wanted = isShared ? entry.columns : part.columns
        return wanted + entry.watermarkColumns.filter { !wanted.contains($0) }
    }

    private func report(_ chunk: SourceChunk, source: CatalogObject, _ split: String) {
        let key = "\(source.oid)/\(split)"
        let floor = reported[key] ?? 0
        for record in chunk.rejected where record.offset >= floor {
            rejected.append((source, record))
        }
        reported[key] = max(floor, chunk.next)
    }

    func restoreReported(_ key: String, _ offset: Int64) { reported[key] = offset }

    func takeRejected() -> [(source: CatalogObject, record: RejectedRecord)] {
        let taken = rejected
        rejected = []
        return taken
    }

    func endStep() { cache.removeAll(keepingCapacity: true) }
}
