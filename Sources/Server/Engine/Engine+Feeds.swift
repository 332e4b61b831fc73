import Connectors
import Platform
import Planner
import Types

/// Tables that a connector feeds: docs/design/0008.
extension Engine {
    /// What one epoch brings to a fed table, in the order in which it counts.
    struct FeedChange {
        let table: Int32
        let batches: [Batch]
    }

    func position(of entry: SourceRegistry.Entry, _ split: String) -> Int64 {
        positions[entry.positionKey(split)] ?? entry.reader.start(of: split)
    }

    /// Reads what lies between the positions now and those in `moved`. A table whose records cannot be
    /// read stops, with the reason for whoever asks it, and its positions leave `moved`.
    func readFeeds(upTo moved: inout [String: Int64]) -> [FeedChange] {
        var changes: [FeedChange] = []
        for entry in sources.entries.values.sorted(by: { $0.object.oid < $1.object.oid })
        where entry.object.isFed {
            do throws(SQLError) {
                changes.append(try read(entry, upTo: moved))
            } catch {
                messages.error(
                    "table cannot be fed", ["table": entry.object.name, "error": error.message])
                feedFailures[entry.object.oid] = error
                published.setReadable(false, entry.object.oid)
                for split in entry.reader.splits { moved[entry.positionKey(split)] = nil }
            }
        }
        return changes
    }

    private func read(_ entry: SourceRegistry.Entry, upTo moved: [String: Int64]) throws(SQLError)
        -> FeedChange
    {
        let columns = Array(entry.object.columns.indices)
        var parts: [SourceRegistry.Part] = []
        for split in entry.reader.splits.sorted() {
            guard let end = moved[entry.positionKey(split)] else { continue }
            let start = position(of: entry, split)
            for piece in SourceRegistry.pieces(entry.reader, split, from: start, to: end) {
                parts.append(
                    SourceRegistry.Part(
                        source: entry.object.oid, split: split, columns: columns,
                        from: piece.lowerBound, to: piece.upperBound))
            }
        }
        let ahead = parts.map { parts.count > 1 ? sources.ahead($0, isShared: false) : nil }
        var batches: [Batch] = []
        for (part, waiting) in zip(parts, ahead) {
            batches.append(try sources.take(part, waiting, isShared: false))
        }
        return FeedChange(table: entry.object.oid, batches: batches.filter { $0.count > 0 })
    }

    func apply(_ changes: [FeedChange], at epoch: Epoch) {
        for change in changes {
            guard let table = tables[change.table] else { continue }
            do throws(SQLError) {
                for batch in change.batches { try table.feed(batch, at: epoch) }
            } catch {
                messages.error(
                    "table cannot be fed", ["table": table.object.name, "error": error.message])
                feedFailures[change.table] = error
                published.setReadable(false, change.table)
            }
        }
    }
}
