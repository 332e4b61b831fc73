import Dataflow
import Platform
import Planner
import State
import Types

extension Engine {
    /// What one trace adds in one checkpoint.
    struct TraceChange: Sendable {
        let name: String
        let batches: [Batch]
        let kind: TraceKind
        let types: [DataType.Physical]
    }

    private func capture() -> [TraceChange] {
        var changes: [TraceChange] = []
        for (oid, table) in tables {
            changes.append(
                TraceChange(
                    name: "table/\(oid)", batches: table.capture(), kind: .sum,
                    types: table.object.types))
        }
        changes.append(
            TraceChange(
                name: "dead_letters", batches: deadLetters.capture(), kind: .sum,
                types: deadLetters.store.types))
        for (oid, view) in views where view.isLive {
            for trace in view.circuit.traces {
                let batches = trace.capture()
                let types = batches.first?.columns.map(\.physical) ?? []
                changes.append(
                    TraceChange(
                        name: "view/\(oid)/\(trace.name)", batches: batches, kind: trace.kind,
                        types: types))
            }
        }
        return changes
    }

    /// The positions that a manifest keeps beside those of the cut.
    private func checkpointPositions() -> [String: Int64] {
        var all: [String: Int64] = [:]
        for (split, position) in positions { all["cut/" + split] = position }
        for (key, offset) in sources.reported { all["reported/" + key] = offset }
        for (key, mark) in sources.watermarks.marks {
            all["watermark/\(key.source)/\(key.split)"] = mark
        }
        for (oid, view) in views where view.isLive {
            all["live/\(oid)"] = Int64(view.frontier.number)
            all["layout/\(oid)"] = view.layout
            for (key, position) in view.positions { all["view/\(oid)/" + key] = position }
        }
        return all
    }

    func checkpointIfDue() {
        guard !isCheckpointing, checkpointedEpoch < tip, !hasUncut, !deadLetters.hasWaiting,
            sources.rejected.isEmpty,
            MonotonicTime.now >= nextCheckpoint
        else {
            return
        }
        // Every live view is at the tip: a step runs to its end before this is called.
        isCheckpointing = true
        let changes = capture()
        let positions = checkpointPositions()
        let (epoch, end) = (tip, log.end)
        let known = Set(
            tables.keys.map { "table/\($0)" } + ["dead_letters"]
                + views.filter { $0.value.isLive }.flatMap { oid, view in
                    view.circuit.traces.map { "view/\(oid)/\($0.name)" }
                })
        let previous = lastManifest
        checkpointPool.submit { [self] in
            let result = Result { () throws(StorageError) -> Manifest in
                try writeCheckpoint(changes, known, previous, epoch: epoch, logEnd: end, positions)
            }
            mailbox.post(.checkpointDone(result))
            afterCheckpoint?()
        }
    }

    /// Checkpoint thread: runs, then the manifest, then what nobody needs any more.
    private func writeCheckpoint(
        _ changes: [TraceChange], _ known: Set<String>, _ previous: Manifest?, epoch: Epoch,
        logEnd: Int64, _ positions: [String: Int64]
    ) throws(StorageError) -> Manifest {
        var traces = (previous?.traces ?? [:]).filter { known.contains($0.key) }
        for (number, change) in changes.enumerated() {
            let filled = change.batches.filter { $0.count > 0 }
            if filled.isEmpty { continue }
            let name = "\(epoch.number)-\(number)"
            traces[change.name] = try RunMerging.appended(
                filled, kind: change.kind, types: change.types, to: traces[change.name] ?? [],
                name: name,
                in: checkpoints)
        }
        let manifest = Manifest(
            epoch: epoch, logPosition: logEnd, positions: positions, traces: traces)
        // The manifest must not be ahead of the log: its epoch has to exist after a crash.
        let durable = Mailbox<Void>()
        log.whenDurable(logEnd) { durable.post(()) }
        _ = durable.take(until: .distantFuture)
        try checkpoints.commit(manifest)
        try checkpoints.removeGarbage(keeping: manifest)
        try log.truncate(before: logEnd)
        return manifest
    }

    func checkpointDone(_ result: Result<Manifest, StorageError>) {
        isCheckpointing = false
        nextCheckpoint = MonotonicTime.now.advanced(milliseconds: checkpointInterval)
        switch result {
        case .success(let manifest):
            lastManifest = manifest
            checkpointedEpoch = manifest.epoch
            metrics.checkpoints.add()
        case .failure(let error):
            // What was captured is lost to later checkpoints, but not to the log: a restart replays.
            messages.error("checkpoint failed; stopping", ["error": error.description])
            HostProcess.exit(74)
        }
    }
}

/// Adds runs to a trace and keeps their number small: a run is merged with those before it while they
/// are not much larger, so that each row is rewritten about log(n) times.
enum RunMerging {
    static func appended(
        _ batches: [Batch], kind: TraceKind, types: [DataType.Physical], to runs: [RunReference],
        name: String, in store: CheckpointStore
    ) throws(StorageError) -> [RunReference] {
        var kept = runs
        var rows = Int64(batches.reduce(0) { $0 + $1.count })
        var parts = batches
        while let last = kept.last, last.rows <= rows * 2 {
            parts = try store.readRun(last) + parts
            rows += last.rows
            kept.removeLast()
        }
        let merged = Batch.concatenated(parts, types: types)
        let net: Batch
        switch kind {
        case .sum: net = merged.consolidated()
        case .newest(let keyColumns): net = newest(merged, keyColumns)
        }
        if net.count == 0, kept.isEmpty { return [] }
        return kept + [try store.writeRun(name, [net])]
    }

    /// The last row of each key.
    private static func newest(_ batch: Batch, _ keyColumns: Int) -> Batch {
        let views = batch.columns.prefix(keyColumns).map(\.view)
        var last: [UInt64: [UInt32]] = [:]
        var kept: [UInt32] = []
        for row in (0..<batch.count).reversed() {
            let hash = hashRow(views, row, seed: rowHashSeed, image: false)
            let same = last[hash, default: []].contains {
                rowsEqual(views, Int($0), views, row, image: false)
            }
            if same { continue }
            last[hash, default: []].append(UInt32(row))
            kept.append(UInt32(row))
        }
        let rows = Storage(Array(kept.reversed()))
        return batch.gathered(rows.cells)
    }
}
