package import Types

/// How a record of a topic becomes a change of rows.
package struct RecordFormat: Sendable {
    /// FORMAT of a source.
    package enum Kind: String, Sendable {
        /// Every record is a row.
        case plain
        /// A record puts the row of its key in place, or takes it away when it has no value.
        case upsert
        /// A record is a change with the row before and after (Debezium's envelope).
        case debezium
    }

    /// A part of a record that INCLUDE puts into a column.
    package enum Part: String, Sendable {
        case key, partition, offset, timestamp

        /// The type that the column has.
        package var type: DataType {
            switch self {
            case .key: .bytea
            case .partition: .int4
            case .offset: .int8
            case .timestamp: .timestamptz
            }
        }
    }

    package let kind: Kind
    /// Columns of the primary key.
    package let key: [Int]
    /// Columns that a row must have values in.
    package let required: [Int]
    /// Columns that hold parts of the record.
    package let parts: [Int: Part]

    package init(
        kind: Kind = .plain, key: [Int] = [], required: [Int] = [], parts: [Int: Part] = [:]
    ) {
        self.kind = kind
        self.key = key
        self.required = required
        self.parts = parts
    }
}
