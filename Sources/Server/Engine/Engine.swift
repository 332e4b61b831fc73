import Connectors
import Dataflow
import Platform
import Planner
import State
import Types

/// The conductor: one thread that cuts epochs, steps the views, publishes, and captures checkpoints.
///
/// Wait for a command, a source or a checkpoint that is due → cut an epoch from what is there → step
/// the live views → publish once the cut is durable → release writers and readers → spend a slice on
/// views that are catching up. Nothing polls.
final class Engine: @unchecked Sendable {
    // Everything but `mailbox`, `published` and what is constant belongs to the engine's thread.
    let published = PublishedState()
    let mailbox = Mailbox<EngineCommand>()
    let log: DurableLog
    let committer: GroupCommitter
    let messages: Log
    let checkpoints: CheckpointStore
    let checkpointInterval: Int64
    private let stepLimits: StepBounds.Limits
    let checkpointPool = WorkerPool(name: "checkpoint", threads: 1)

    var tables: [Int32: TableState] = [:]
    var views: [Int32: ViewRegion] = [:]
    /// Views in an order in which each comes after those it reads.
    var viewOrder: [Int32] = []
    let sources: SourceRegistry
    let workers: WorkerGang
    let deadLetters = DeadLetterStore()
    var tip = Epoch.zero
    /// How far each split is part of an epoch; a fed table has positions of its own.
    var positions: [String: Int64] = [:]
    /// Fed tables that can take in nothing more, and why.
    var feedFailures: [Int32: SQLError] = [:]
    /// Transactions applied at `tip.next` that no cut has taken yet.
    var hasUncut = false
    var forcesCut = false
    private var unpublished: [(epoch: Epoch, positions: [String: Int64])] = []
    private var durableEpoch = Epoch.zero
    private var writers: [(epoch: Epoch, reply: EngineReply<Void>)] = []
    private var readers: [(relations: [Int32], reply: EngineReply<Void>)] = []
    /// Canceled when the server stops: no view goes on catching up then.
    let stop = CancelToken()
    private var stopping: CheckedContinuation<Void, Never>?
    var lastManifest: Manifest?
    var nextCheckpoint: MonotonicTime
    var isCheckpointing = false
    var checkpointedEpoch = Epoch.zero
    let metrics: EngineMetrics
    /// Called on the checkpoint thread after each checkpoint; set before `start`.
    var afterCheckpoint: (@Sendable () -> Void)?
    /// Of each split.
    private static let maximumRowsPerEpoch: Int64 = 131_072
    private static let maximumBytesPerEpoch = 64 << 20
    private static let sliceMilliseconds: Int64 = 2

    init(
        log: DurableLog, committer: GroupCommitter, checkpoints: CheckpointStore, interval: Int64,
        workers: Int, stepLimits: StepBounds.Limits, messages: Log, metrics: Metrics
    ) {
        self.stepLimits = stepLimits
        self.workers = WorkerGang(name: "worker", threads: workers)
        sources = SourceRegistry(decoders: workers)
        self.log = log
        self.committer = committer
        self.checkpoints = checkpoints
        checkpointInterval = interval
        self.messages = messages
        self.metrics = EngineMetrics(metrics)
        nextCheckpoint = MonotonicTime.now.advanced(milliseconds: interval)
        published.setStore(deadLetters.store, for: DeadLetterStore.relation.oid)
        published.setStore(sources.watermarks.store, for: WatermarkStore.relation.oid)
    }

    /// Starts the thread; call after recovery.
    func start() {
        Worker.start("engine") { [self] in run() }
    }

    // MARK: - The loop

    private func run() {
        while true {
            let isBusy =
                views.values.contains { $0.isBackfilling && inputsReady($0) } || hasUncut
                || forcesCut || hasPendingInput
            let deadline: MonotonicTime =
                isBusy ? .now : (isCheckpointDue ? nextCheckpoint : .distantFuture)
            for command in mailbox.take(until: deadline) { handle(command) }
            cutAndStep()
            catchUp()
            reclaim()
            checkpointIfDue()
            if let stopping, !isCheckpointing, !isCheckpointDue || checkpointedEpoch == tip {
                stopping.resume()
                return
            }
        }
    }

    private var isCheckpointDue: Bool { checkpointedEpoch < tip && !isCheckpointing }

    /// Whether a source has rows that no cut has taken.
    private var hasPendingInput: Bool {
        if stopping != nil { return false }
        return sources.entries.values.contains { entry in
            entry.reader.splits.contains { split in
                entry.reader.end(of: split) > position(of: entry, split)
                    && feedFailures[entry.object.oid] == nil
            }
        }
    }

    private func handle(_ command: EngineCommand) {
        switch command {
        case .check(let changes, let reply):
            reply.resume(returning: Result { () throws(SQLError) in try checkKeys(changes) })
        case .commit(let changes, let reply): commit(changes, reply)
        case .addTable(let object, let reply):
            addTable(object)
            reply.resume(returning: .success(()))
        case .addSource(let object, let reader, let watermark, let reply):
            sources.add(object, reader, watermark: watermark)
            if object.isFed { addTable(object) }
            forcesCut = true
            reply.resume(returning: .success(()))
        case .addView(let object, let plan, let cancel, let reply):
            addView(object, plan, cancel, reply)
        case .rename(let object, let reply):
            tables[object.oid]?.object = object
            views[object.oid]?.object = object
            sources.rename(object)
            deadLetters.rename(object, at: tip)
            reply.resume(returning: .success(()))
        case .changeUniques(let object, let reply):
            do throws(SQLError) {
                try tables[object.oid]?.changeUniques(object, at: tip.next)
                reply.resume(returning: .success(()))
            } catch {
                reply.resume(returning: .failure(error))
            }
        case .describe(let view, let reply):
            reply.resume(returning: .success(views[view]?.circuit.report ?? []))
        case .drop(let relations, let reply): drop(relations, reply)
        case .awaitReadable(let relations, let reply):
            readers.append((relations, reply))
            releaseReaders()
        case .wake: break
        case .durable(let epoch):
            durableEpoch = max(durableEpoch, epoch)
            publishReady()
        case .checkpointDone(let result): checkpointDone(result)
        case .shutdown(let continuation):
            stopping = continuation
            nextCheckpoint = .now
        }
    }

    func addTable(_ object: CatalogObject) {
        let table = TableState(object)
        tables[object.oid] = table
        table.store.publish()
        published.setStore(table.store, for: object.oid)
    }

    // MARK: - Transactions

    private func checkKeys(_ changes: [TableChange]) throws(SQLError) {
        for (oid, parts) in Dictionary(grouping: changes, by: \.table) {
            guard let table = tables[oid] else {
                throw SQLError(
                    .undefinedTable, "the table was dropped while the transaction was open")
            }
            try table.check(parts.map(\.batch))
        }
    }

    private func commit(_ changes: [TableChange], _ reply: EngineReply<Void>) {
        let record = TableLogRecord.transaction(changes).encoded()
        do throws(SQLError) {
            guard record.count <= DurableLog.maximumPayload else {
                throw SQLError(
                    .programLimitExceeded,
                    "a transaction of \(record.count) bytes is larger than "
                        + "\(DurableLog.maximumPayload) bytes",
                    hint: "Change the rows in several transactions.")
            }
            try checkKeys(changes)
            for change in changes { try tables[change.table]?.apply(change.batch, at: tip.next) }
        } catch {
            return reply.resume(returning: .failure(error))
        }
        _ = log.append(record)
        hasUncut = true
        writers.append((tip.next, reply))
    }

    // MARK: - Cutting and stepping

    private func cutAndStep() {
        var changed: [String: Int64] = [:]
        // A server that is stopping takes in nothing more: its last checkpoint would never be the last.
        for entry in sources.entries.values where stopping == nil {
            if feedFailures[entry.object.oid] != nil { continue }
            for split in entry.reader.splits {
                let key = entry.positionKey(split)
                let from = position(of: entry, split)
                let end = entry.reader.end(of: split)
                let isRead = entry.object.isFed || views.values.contains { $0.isLive }
                let to =
                    isRead
                    ? entry.reader.cut(
                        split, from: from, to: min(end, from + Engine.maximumRowsPerEpoch),
                        maximumBytes: Engine.maximumBytesPerEpoch) : end
                if to > from || positions[key] == nil {
                    changed[key] = max(to, changed[key] ?? 0)
                }
            }
        }
        let fed = readFeeds(upTo: &changed)
        guard
            hasUncut || forcesCut || !changed.isEmpty || !sources.rejected.isEmpty
                || deadLetters.hasWaiting
        else { return }
        hasUncut = false
        forcesCut = false
        tip = tip.next
        positions.merge(changed) { $1 }
        let epoch = tip
        let end = log.append(TableLogRecord.cut(epoch, positions: changed).encoded()).end
        log.whenDurable(end) { [mailbox] in mailbox.post(.durable(epoch)) }
        committer.wake()
        apply(fed, at: epoch)
        for table in tables.values { table.store.publish() }
        stepLiveViews(to: epoch)
        addDeadLetters(at: epoch)
        showWatermarks(at: epoch)
        unpublished.append((epoch, positions))
        metrics.epochs.add()
        publishReady()
    }

    func stepLiveViews(to epoch: Epoch) {
        for oid in viewOrder {
            guard let view = views[oid], view.isLive else { continue }
            do {
                view.begin(to: epoch, positions: positions, sources: sources) { self.store(of: $0) }
                _ = try view.run(until: .distantFuture, sources: sources)
                collectFailures(of: view)
            } catch {
                fail(view, error)
            }
        }
        sources.endStep()
    }

    func store(of relation: Int32) -> RowStore? {
        tables[relation]?.store ?? views[relation]?.store
    }

    /// A broken invariant in one view stops that view, with a reason, and nothing else.
    func fail(_ view: ViewRegion, _ error: SQLError) {
        // It is gone for everybody else; the command that takes it away is on its way.
        if view.bounds.dropped.isCanceled {
            view.state = .failed(error)
            return
        }
        messages.error("view failed", ["view": view.object.name, "error": error.message])
        view.state = .failed(error)
        published.setReadable(false, view.object.oid)
        // What reads it would go on with answers that are no longer right.
        for other in views.values
        where other.plan.scans.contains(where: { $0.relation.oid == view.object.oid }) {
            if case .failed = other.state { continue }
            fail(
                other,
                SQLError(
                    .objectNotInPrerequisiteState,
                    "materialized view \"\(view.object.name)\", which it reads, has failed"))
        }
        // Who waits for it would wait for ever.
        releaseReaders()
    }

    private func collectFailures(of view: ViewRegion) {
        let failed = view.circuit.takeFailed()
        if failed.isEmpty { return }
        deadLetters.add(failed, view: view.object)
    }

    func addDeadLetters(at epoch: Epoch) {
        let records = sources.takeRejected()
        deadLetters.add(records)
        metrics.deadLetters.add(Int64(records.count))
        do {
            try deadLetters.flush(at: epoch)
        } catch {
            messages.error("dead letters", ["error": error.message])
        }
    }

    func showWatermarks(at epoch: Epoch) {
        do throws(SQLError) {
            try sources.watermarks.flush(at: epoch) { sources.entries[$0]?.object.name }
        } catch {
            messages.error("watermarks", ["error": error.message])
        }
    }

    // MARK: - Publishing

    private func publishReady() {
        var newest: (epoch: Epoch, positions: [String: Int64])?
        while let first = unpublished.first, first.epoch <= durableEpoch {
            newest = unpublished.removeFirst(); _ = first
        }
        guard let newest else { return }
        published.publish(newest.epoch, positions: newest.positions)
        metrics.epoch.set(Int64(newest.epoch.number))
        var waiting: [(epoch: Epoch, reply: EngineReply<Void>)] = []
        for writer in writers {
            if writer.epoch <= newest.epoch {
                writer.reply.resume(returning: .success(()))
            } else {
                waiting.append(writer)
            }
        }
        writers = waiting
        for view in views.values where view.isLive && view.liveSince <= newest.epoch {
            published.setReadable(true, view.object.oid)
        }
        releaseReaders()
    }

    private func releaseReaders() {
        var waiting: [(relations: [Int32], reply: EngineReply<Void>)] = []
        for reader in readers {
            if let error = failure(of: reader.relations) {
                reader.reply.resume(returning: .failure(error))
            } else if published.ticket(reader.relations) != nil {
                reader.reply.resume(returning: .success(()))
            } else {
                waiting.append(reader)
            }
        }
        readers = waiting
    }

    private func failure(of relations: [Int32]) -> SQLError? {
        for oid in relations {
            if let error = feedFailures[oid] { return error }
            if case .failed(let error)? = views[oid]?.state {
                if stop.isCanceled { return SQLError(.adminShutdown, "the server is stopping") }
                return SQLError(
                    .objectNotInPrerequisiteState,
                    "materialized view \"\(views[oid]?.object.name ?? "")\" has failed",
                    detail: error.message, hint: "Drop it and create it again.")
            }
        }
        return nil
    }

    // MARK: - Views

    private func addView(
        _ object: CatalogObject, _ plan: LogicalPlan, _ cancel: CancelToken?,
        _ reply: EngineReply<Void>
    ) {
        do throws(SQLError) {
            if let error = failure(of: plan.relations.map(\.oid)) { throw error }
            try attach(object, plan, cancel)
            published.setReadable(false, object.oid)
            // Whatever its inputs hold now is in the snapshot that it starts from.
            forcesCut = true
            reply.resume(returning: .success(()))
        } catch {
            reply.resume(returning: .failure(error))
        }
    }

    /// - Parameter cancel: ends the view while it catches up.
    @discardableResult
    func attach(_ object: CatalogObject, _ plan: LogicalPlan, _ cancel: CancelToken? = nil)
        throws(SQLError) -> ViewRegion
    {
        let view = try ViewRegion(
            object, plan, workers: workers, limits: stepLimits, stop: stop, cancel: cancel)
        views[object.oid] = view
        viewOrder.append(object.oid)
        for scan in view.plan.scans { sources.want(scan.columns, of: scan.relation.oid) }
        view.store.publish()
        published.setStore(view.store, for: object.oid)
        published.setDropped(view.bounds.dropped, for: object.oid)
        return view
    }

    private func drop(_ relations: [Int32], _ reply: EngineReply<Void>) {
        for oid in relations {
            deadLetters.forget(oid, at: tip)
            views[oid] = nil
            viewOrder.removeAll { $0 == oid }
            tables[oid] = nil
            if sources.remove(oid) { forcesCut = true }
            feedFailures[oid] = nil
            for key in positions.keys where key.hasPrefix(SourceRegistry.Entry.feedPrefix(oid)) {
                positions[key] = nil
            }
            published.setStore(nil, for: oid)
            published.setDropped(nil, for: oid)
            published.setReadable(true, oid)
        }
        releaseReaders()
        reply.resume(returning: .success(()))
    }

    /// Spends a slice on views that are not at the tip.
    private func catchUp() {
        let deadline = MonotonicTime.now.advanced(milliseconds: Engine.sliceMilliseconds)
        for oid in viewOrder {
            guard let view = views[oid], view.isBackfilling, inputsReady(view) else { continue }
            do throws(SQLError) {
                if !view.isStepping {
                    view.begin(to: tip, positions: positions, sources: sources) {
                        self.store(of: $0)
                    }
                }
                let isDone = try view.run(until: deadline, sources: sources)
                collectFailures(of: view)
                if isDone, view.frontier == tip {
                    view.goLive()
                    // With the cut that makes its dead letters visible, too.
                    view.liveSince = tip.next
                    messages.info("view is live", ["view": view.object.name])
                    // Its rows are published with the next cut, which makes it readable.
                    forcesCut = true
                }
            } catch {
                // A view that is broken off by the end of the server begins anew with the next one.
                if stop.isCanceled { view.state = .failed(error) } else { fail(view, error) }
            }
            if MonotonicTime.now >= deadline { return }
        }
    }

    /// A view over views starts when those are complete.
    private func inputsReady(_ view: ViewRegion) -> Bool {
        tip > .zero
            && view.plan.scans.allSatisfy { scan in
                views[scan.relation.oid].map { $0.isLive && $0.frontier == tip } ?? true
            }
    }

    // MARK: - Reclaiming

    private func reclaim() {
        guard tip.number % 16 == 0 || hasUncut else { return }
        var since = published.oldestHeld
        for view in views.values where !view.hasFailed { since = min(since, view.needs) }
        for table in tables.values { table.reclaim(since: since, tip: tip) }
        for view in views.values where !view.isStepping { view.store.reclaim(since: since) }
        deadLetters.store.reclaim(since: since)
        sources.watermarks.store.reclaim(since: since)
    }
}
