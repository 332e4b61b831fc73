/// What CREATE SEQUENCE, ALTER SEQUENCE and GENERATED … AS IDENTITY (…) say; nil where they say nothing.
package struct SequenceOptions: Sendable {
    /// MINVALUE n, or NO MINVALUE.
    package enum Limit: Sendable {
        case value(Int64)
        case none
    }

    package var type: TypeName?
    package var increment: Int64?
    package var minimum: Limit?
    package var maximum: Limit?
    package var start: Int64?
    package var cycles: Bool?
    /// RESTART; with the value, where there is one.
    package var restart: Limit?
    /// OWNED BY table.column; empty for NONE.
    package var owner: [String]?
    package var at = 0
}
