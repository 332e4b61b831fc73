/// What BEGIN, SET TRANSACTION and SET SESSION CHARACTERISTICS say of transactions; nil where nothing is said.
package struct TransactionModes: Sendable {
    /// As the setting transaction_isolation has it: `read committed`.
    package var isolation: String?
    package var isReadOnly: Bool?

    package init() {}
}

extension Statement {
    /// What a transaction that only reads must not do, as its error names it; nil for what it may.
    package var writes: String? {
        switch self {
        case .insert: "INSERT"
        case .update: "UPDATE"
        case .delete: "DELETE"
        case .truncate: "TRUNCATE TABLE"
        case .copy(let copy): copy.isFrom ? "COPY FROM" : nil
        case .createTable, .createSource, .createView, .createTopic, .createSchema, .createSequence,
            .createIndex:
            "CREATE"
        case .rename, .renameColumn, .addUnique, .dropConstraint, .setSchema, .alterSequence:
            "ALTER"
        case .comment: "COMMENT"
        case .drop: "DROP"
        case .query(let query): query.locking.isEmpty ? nil : "SELECT FOR UPDATE"
        case .savepoint, .releaseSavepoint, .rollbackTo, .begin, .commit, .rollback, .set,
            .setTransaction, .show, .reset, .explain, .explainView, .prepare, .execute, .deallocate,
            .discard, .unsupported:
            nil
        }
    }
}
