import Connectors
import Dataflow
import Platform
import Planner
import State
import Types

extension Engine {
    /// Brings everything back to where the last cut left it. Call before `start`, with the catalog's
    /// objects in the order in which they were made, views with their plans, or why there is none.
    func recover(
        tables objects: [CatalogObject],
        sources readers: [(CatalogObject, any SourceReader, watermark: Expr?)],
        views plans: [(CatalogObject, Result<LogicalPlan, SQLError>)]
    ) throws {
        let manifest = try checkpoints.latest()
        lastManifest = manifest
        let epoch = manifest?.epoch ?? .zero
        tip = epoch
        checkpointedEpoch = epoch
        for object in objects {
            addTable(object)
            guard let table = tables[object.oid] else { continue }
            try restoreRuns("table/\(object.oid)", manifest) { try table.restore($0, at: epoch) }
            table.store.publish()
        }
        try restoreRuns("dead_letters", manifest) { try deadLetters.restore($0, at: epoch) }
        for (object, reader, watermark) in readers {
            sources.add(object, reader, watermark: watermark)
        }
        for (key, position) in manifest?.positions ?? [:] {
            if key.hasPrefix("cut/") { positions[String(key.dropFirst(4))] = position }
            if key.hasPrefix("reported/") {
                sources.restoreReported(String(key.dropFirst(9)), position)
            }
            restoreWatermark(key, position)
        }
        try restoreViews(plans, manifest)
        try replayLog(from: manifest?.logPosition ?? log.start)
        messages.info("recovered", ["checkpoint": "\(epoch.number)", "epoch": "\(tip.number)"])
    }

    private func restoreWatermark(_ key: String, _ mark: Int64) {
        let parts = key.split(separator: "/", maxSplits: 2)
        guard parts.count == 3, parts[0] == "watermark", let source = Int32(parts[1]),
            sources.entries[source] != nil
        else { return }
        sources.watermarks.move(
            WatermarkStore.Key(source: source, split: String(parts[2])), to: mark)
    }

    private func restoreRuns(_ trace: String, _ manifest: Manifest?, _ body: (Batch) throws -> Void)
        throws
    {
        for run in manifest?.traces[trace] ?? [] {
            for batch in try checkpoints.readRun(run) { try body(batch) }
        }
    }

    /// A view whose text is refused (an older build took it) has failed: it cannot be read, only dropped, and
    /// nobody else notices. Its columns stay, for what reads it.
    private func restoreViews(
        _ plans: [(CatalogObject, Result<LogicalPlan, SQLError>)], _ manifest: Manifest?
    ) throws {
        var refused: [(view: ViewRegion, error: SQLError)] = []
        for (object, plan) in plans {
            switch plan {
            case .success(let plan): try restoreView(object, plan, manifest)
            case .failure(let error):
                let fields = object.columns.map { Field($0.name, $0.type) }
                refused.append((try attach(object, .values([], fields)), error))
            }
        }
        for (view, error) in refused { fail(view, error) }
    }

    private func restoreView(_ object: CatalogObject, _ plan: LogicalPlan, _ manifest: Manifest?)
        throws
    {
        let view = try attach(object, plan)
        let wasLive = manifest?.positions["live/\(object.oid)"] != nil
        // Its state is for this plan, and for what the views that it reads will say again.
        let isOfUse =
            manifest?.positions["layout/\(object.oid)"] == view.layout
            && view.plan.scans.allSatisfy { views[$0.relation.oid]?.isLive ?? true }
        if wasLive, !isOfUse {
            messages.warning(
                "view is made anew: its state, or that of a view that it reads, is of another plan",
                ["view": object.name])
            // The checkpoint that takes it in must not add to what is there.
            let prefix = "view/\(object.oid)/"
            if let kept = lastManifest?.traces.filter({ !$0.key.hasPrefix(prefix) }) {
                lastManifest?.traces = kept
            }
        }
        guard let manifest, wasLive, isOfUse else {
            // Or its backfill had not ended: it begins anew, and so do its dead letters.
            deadLetters.forget(object.oid, at: tip)
            published.setReadable(false, object.oid)
            forcesCut = true
            return
        }
        view.materialize.epoch = manifest.epoch
        for trace in view.circuit.traces {
            for run in manifest.traces["view/\(object.oid)/\(trace.name)"] ?? [] {
                try trace.restore(try checkpoints.readRun(run))
            }
        }
        let prefix = "view/\(object.oid)/"
        var own: [String: Int64] = [:]
        for (key, position) in manifest.positions where key.hasPrefix(prefix) {
            own[String(key.dropFirst(prefix.count))] = position
        }
        view.restored(frontier: manifest.epoch, positions: own)
    }

    /// Applies the transactions behind the checkpoint at the epochs of their cuts, then steps the views
    /// once, from the checkpoint to the last cut.
    private func replayLog(from position: Int64) throws {
        var waiting: [TableChange] = []
        try log.replay(from: position) { (lsn, payload) throws(StorageError) in
            let record: TableLogRecord
            do throws(MalformedBytes) {
                record = try TableLogRecord(decoding: payload)
            } catch {
                throw .corrupt(file: log.directory, reason: "record at LSN \(lsn): \(error.reason)")
            }
            switch record {
            case .transaction(let changes): waiting += changes
            case .cut(let epoch, let moved):
                do throws(SQLError) {
                    for change in waiting {
                        try tables[change.table]?.apply(change.batch, at: epoch)
                    }
                } catch {
                    throw .corrupt(file: log.directory, reason: error.message)
                }
                waiting = []
                tip = max(tip, epoch)
                var ends = moved
                apply(readFeeds(upTo: &ends), at: epoch)
                positions.merge(moved) { $1 }
            }
        }
        for table in tables.values { table.store.publish() }
        if tip > checkpointedEpoch {
            stepLiveViews(to: tip)
            addDeadLetters(at: tip)
        }
        showWatermarks(at: tip)
        // Durable but in no cut yet: the first epoch of this run takes them.
        for change in waiting { try tables[change.table]?.apply(change.batch, at: tip.next) }
        hasUncut = !waiting.isEmpty
        published.publish(tip, positions: positions)
    }
}
