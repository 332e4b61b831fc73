import Connectors
import Dataflow
import Planner
import State
import Types

/// The answer to one command, given back to the task that waits for it.
typealias EngineReply<Success: Sendable> = CheckedContinuation<Result<Success, SQLError>, Never>

/// Rows for one table, part of a transaction.
struct TableChange: Sendable {
    let table: Int32
    let batch: Batch
}

/// What the engine is asked to do; taken in order by its one thread.
enum EngineCommand: Sendable {
    /// Whether these could be committed now, as far as keys go.
    case check([TableChange], EngineReply<Void>)
    case commit([TableChange], EngineReply<Void>)
    case addTable(CatalogObject, EngineReply<Void>)
    case addSource(CatalogObject, any SourceReader, watermark: Expr?, EngineReply<Void>)
    /// The view catches up from now on; it fails when `cancel` is canceled before it has.
    case addView(CatalogObject, LogicalPlan, cancel: CancelToken?, EngineReply<Void>)
    /// The object has another name or comment; everything else of it is as it was.
    case rename(CatalogObject, EngineReply<Void>)
    /// The table has other unique constraints or indexes. - Throws: 23505 when its rows are not unique.
    case changeUniques(CatalogObject, EngineReply<Void>)
    /// A line for each operator of a view: docs/sql.md, EXPLAIN.
    case describe(Int32, EngineReply<[String]>)
    case drop([Int32], EngineReply<Void>)
    /// Replies when all of these can be read at one epoch.
    case awaitReadable([Int32], EngineReply<Void>)
    /// A source has more.
    case wake
    /// The cut of this epoch is on disk.
    case durable(Epoch)
    case checkpointDone(Result<Manifest, StorageError>)
    /// Writes a last checkpoint and stops.
    case shutdown(CheckedContinuation<Void, Never>)
}
