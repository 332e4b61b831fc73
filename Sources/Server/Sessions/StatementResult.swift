import Types
import Wire

/// What a statement gives back.
struct StatementResult {
    /// The columns and rows of a query; nil for a statement that returns none.
    var rows: (columns: [ResultColumn], batches: [Batch])?
    /// The command tag; the row count of a SELECT is added when the rows have been sent.
    var tag: String
    /// What the rows count against the budget of queries, as long as they are there.
    var memory: MemoryGrant?
    var notices: [SQLError] = []

    init(tag: String) { self.tag = tag }

    init(columns: [ResultColumn], batches: [Batch], tag: String = "SELECT") {
        rows = (columns, batches)
        self.tag = tag
    }

    /// One text column.
    static func lines(_ name: String, _ lines: [String], tag: String) -> StatementResult {
        let batch = Batch(rows: lines.map { [.string($0)] }, types: [.text])
        return StatementResult(
            columns: [ResultColumn(name: name, type: .text)], batches: [batch], tag: tag)
    }
}
