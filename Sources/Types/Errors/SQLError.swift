/// What a user sees when a statement cannot be carried out.
///
/// Message: lower case, no full stop. Detail and hint: full sentences.
package struct SQLError: Error, Hashable, Sendable {
    package var state: SQLState
    package var message: String
    package var detail: String?
    package var hint: String?
    /// 1-based position of the offending token in the statement's text, in characters.
    package var position: Int?
    /// For integrity violations: the names that ErrorResponse carries as s, t, c and n.
    package var table: String?
    package var column: String?
    package var constraint: String?
    /// Where in the data it happened (W).
    package var context: String?

    package init(
        _ state: SQLState, _ message: String, detail: String? = nil, hint: String? = nil,
        position: Int? = nil
    ) {
        self.state = state
        self.message = message
        self.detail = detail
        self.hint = hint
        self.position = position
    }

    /// The same error, pointing at `position` unless it already points somewhere.
    package func at(_ position: Int?) -> SQLError {
        guard self.position == nil else { return self }
        var copy = self
        copy.position = position
        return copy
    }

    /// A feature that is missing, by name.
    package static func unsupported(_ what: String, at position: Int? = nil) -> SQLError {
        SQLError(.featureNotSupported, "\(what) is not supported yet", position: position)
    }

    /// A broken promise of our own that must not reach data.
    package static func internalFault(_ what: String) -> SQLError {
        SQLError(.internalError, "internal error: \(what)")
    }
}
