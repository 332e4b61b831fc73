package import Platform
import Connectors
import Dataflow
import Planner
import State
import Synchronization
import Types

/// The running database: constructs everything, recovers, and hands it down to the sessions.
package final class Database: Sendable {
    let configuration: Configuration
    let messages: Log
    let metrics: Metrics
    let loop: EventLoop
    let engine: Engine
    let metadata: MetadataStore
    let metadataLog: DurableLog
    let committer: GroupCommitter
    let catalogStore: CatalogStore
    let topics: TopicStore
    let queries: WorkerPool
    let readers = Mutex<[Int32: any SourceReader]>([:])
    let indexes = IndexRegistry()
    let queryMemory: MemoryBudget
    /// Running statements by connection, for cancel requests.
    let backends = Mutex<[Int32: Backend]>([:])
    /// One definition at a time.
    let definitions: LoopLock
    let locks: RowLocks
    let sequences: SequenceStore
    let isNew: Bool
    /// Microseconds since 2000-01-01.
    let startTime = WallClock.unixMicroseconds - Timestamp.unixEpochOffset

    struct Backend: Sendable {
        let secret: Int32
        var cancel: CancelToken?
    }

    package init(_ configuration: Configuration, messages: Log) throws {
        self.configuration = configuration
        self.messages = messages
        let directory = configuration.dataDirectory
        // The system's zones; names have been checked by who asks.
        TimeZones.use { ZoneFiles.read($0) }
        isNew = !Disk.exists(directory + "/log/table")
        loop = try EventLoop(name: "network")
        metrics = Metrics()
        let topicLog = try DurableLog(directory: directory + "/log/topics")
        metadataLog = try DurableLog(directory: directory + "/log/metadata", segmentBytes: 1 << 20)
        let tableLog = try DurableLog(directory: directory + "/log/table", segmentBytes: 16 << 20)
        committer = GroupCommitter(logs: [topicLog, metadataLog, tableLog]) { error in
            messages.error("the log cannot be written; stopping", ["error": error.description])
            HostProcess.exit(74)
        }
        WideMagnitudes.setLimit(bytes: configuration.wideNumericBytes)
        metadata = try MetadataStore(log: metadataLog, indexPath: directory + "/metadata.db")
        catalogStore = try CatalogStore(metadata)
        let workers = max(1, configuration.workers ?? HostProcess.coreCount)
        let objects = try LocalObjectStore(root: directory + "/objects")
        engine = Engine(
            log: tableLog, committer: committer, checkpoints: CheckpointStore(objects: objects),
            interval: configuration.checkpointIntervalMilliseconds, workers: workers,
            stepLimits: StepBounds.Limits(
                milliseconds: configuration.viewStepSeconds * 1000,
                bytes: configuration.viewMemoryBytes ?? HostProcess.memoryBytes / 4 * 3),
            messages: messages, metrics: metrics)
        let mailbox = engine.mailbox
        topics = try TopicStore(log: topicLog, metadata: metadata, committer: committer) {
            mailbox.post(.wake)
        }
        queryMemory = MemoryBudget(
            limit: configuration.queryMemoryBytes ?? HostProcess.memoryBytes / 4)
        queries = WorkerPool(name: "query", threads: workers)
        definitions = LoopLock(loop)
        locks = RowLocks(loop)
        sequences = SequenceStore(metadata, log: metadataLog, committer)
        try recover()
    }

    private func recover() throws {
        let objects = catalogStore.catalog.userObjects
        var sources: [(CatalogObject, any SourceReader, watermark: Expr?)] = []
        for object in objects where object.kind == .source || object.isFed {
            let reader = try makeReader(object, mustExist: false)
            sources.append((object, reader, watermark(of: object)))
            if !object.isFed { readers.withLock { $0[object.oid] = reader } }
        }
        var views: [(CatalogObject, Result<LogicalPlan, SQLError>)] = []
        for object in objects where object.kind == .materializedView {
            views.append((object, Result { () throws(SQLError) in try plan(of: object) }))
        }
        let metadata = metadata
        engine.afterCheckpoint = { metadata.compactIfWorthwhile() }
        try engine.recover(
            tables: objects.filter { $0.kind == .table || $0.isFed }, sources: sources, views: views
        )
        engine.start()
        engine.mailbox.post(.wake)
    }

    /// Binds the text of an object that is there, as it was bound when it was made.
    private func binder(for object: CatalogObject, _ text: String) -> Binder {
        let context = SessionContext(
            user: "streamhouse", database: "streamhouse", catalog: catalogStore.catalog,
            settings: object.options.filter { TextStyle.settings.contains($0.key) },
            now: 0, backendID: 0)
        let binder = Binder(context: context, text: text)
        binder.isForView = object.kind == .materializedView
        return binder
    }

    /// nil where there is none, or none that can be bound: that is no reason to read nothing.
    private func watermark(of source: CatalogObject) -> Expr? {
        guard let text = source.options[CatalogObject.ConnectorKey.watermarkText] else {
            return nil
        }
        do throws(SQLError) {
            return try binder(for: source, text).watermark(of: source)
        } catch {
            messages.error(
                "watermark is not tracked", ["source": source.name, "error": error.message])
            return nil
        }
    }

    /// The plan of a materialized view, from its text. - Throws: why that says nothing any more, or something
    /// else than when the view was made.
    func plan(of view: CatalogObject) throws(SQLError) -> LogicalPlan {
        let binder = binder(for: view, view.text)
        binder.pinnedNames = view.pinnedNames
        let plan = Optimizer.optimized(try binder.bind(try Parser.query(view.text)))
        guard plan.types == view.types else {
            throw SQLError(
                .datatypeMismatch, "the query of \"\(view.name)\" has other types than its columns")
        }
        return plan
    }

    /// A source or table that reads a topic.
    func reader(ofTopic topic: String) -> CatalogObject? {
        catalogStore.catalog.userObjects.first { $0.options["topic"] == topic }
    }

    /// The reader of a source's records.
    func makeReader(_ object: CatalogObject, mustExist: Bool = true) throws(SQLError)
        -> any SourceReader
    {
        let mailbox = engine.mailbox
        switch object.options["connector"] {
        case "nexmark":
            return try NexmarkSource(
                oid: object.oid, options: object.options,
                columns: object.columns.map { ($0.name, $0.type) }
            ) { mailbox.post(.wake) }
        default:
            return try TopicSource(
                topics: topics, options: object.options,
                columns: object.columns.map { ($0.name, $0.type) },
                format: object.recordFormat, mustExist: mustExist)
        }
    }

    /// Waits until a change of the metadata survives a crash.
    func metadataDurable(_ end: Int64) async {
        committer.wake()
        await withCheckedContinuation { continuation in
            metadataLog.whenDurable(end) { continuation.resume() }
        }
    }

    /// Asks the engine and waits for its answer.
    func ask<Success: Sendable>(_ command: (EngineReply<Success>) -> EngineCommand)
        async throws(SQLError)
        -> Success
    {
        let result = await withCheckedContinuation { engine.mailbox.post(command($0)) }
        return try result.get()
    }

    /// As `ask`, for what may take long: throws when `cancel` is canceled before the answer is there.
    func ask<Success: Sendable>(
        _ cancel: CancelToken,
        _ command: @escaping @Sendable (EngineReply<Success>) -> EngineCommand
    ) async throws(SQLError) -> Success {
        let result = await withCheckedContinuation { continuation in
            let first = FirstReply<Success>(continuation)
            cancel.onCancel { first.give(.failure($0)) }
            loop.start { [engine] in
                first.give(await withCheckedContinuation { engine.mailbox.post(command($0)) })
            }
        }
        return try result.get()
    }

    /// The right to read these relations at one epoch; waits while one of them is catching up.
    func ticket(_ relations: [Int32], _ cancel: CancelToken) async throws(SQLError) -> ReadTicket {
        while true {
            if let ticket = engine.published.ticket(relations) { return ticket }
            let _: Void = try await ask(cancel) { .awaitReadable(relations, $0) }
        }
    }

    /// A last checkpoint; afterwards the process may end.
    package func shutdown() async {
        engine.stop.cancel(.request)
        await withCheckedContinuation { engine.mailbox.post(.shutdown($0)) }
    }
}

/// Lets one task of a loop at a time into a section. Loop's thread only.
final class LoopLock: @unchecked Sendable {
    // Confined to the loop's thread.
    private var isHeld = false
    private let released: LoopSignal

    init(_ loop: EventLoop) { released = LoopSignal(loop) }

    func acquire() async {
        while isHeld { _ = await released.wait(until: .distantFuture) }
        isHeld = true
    }

    func release() {
        isHeld = false
        released.notifyAll()
    }
}
