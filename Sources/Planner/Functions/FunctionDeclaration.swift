import Types

/// A function, aggregate or window function that SQL can call: what pg_proc and docs/sql/functions.md
/// say of it. What it computes is in `FunctionRegistry`, `Aggregate`, `RankOperator`,
/// `SessionFunctions` and `SetFunctions`; tests hold the two together.
package struct FunctionDeclaration: Sendable {
    /// pg_proc.prokind.
    package enum Kind: String, Sendable {
        case function = "f"
        case aggregate = "a"
        case window = "w"
    }

    /// pg_proc.provolatile.
    package enum Volatility: String, Sendable {
        case immutable = "i"
        case stable = "s"
        case volatile = "v"
    }

    package let name: String
    package let description: String
    /// Its overloads with their identifiers in pg_proc: PostgreSQL's own, else one of
    /// `FunctionCatalog.ownIdentifiers`. `FunctionSignature` reads them.
    let signatures: KeyValuePairs<String, Int32>
    package let kind: Kind
    /// nil where what computes it says so.
    let volatility: Volatility?
    let isStrict: Bool?
    /// Where it is not what PostgreSQL has, or how else it can be written.
    package let note: String?
    /// How a form of the grammar is written; nil for functions. Forms are not in pg_proc.
    package let form: String?

    init(
        _ name: String, _ description: String, _ signatures: KeyValuePairs<String, Int32>,
        kind: Kind = .function, volatility: Volatility? = nil, isStrict: Bool? = nil,
        note: String? = nil, form: String? = nil
    ) {
        self.name = name
        self.description = description
        self.signatures = signatures
        self.kind = kind
        self.volatility = volatility
        self.isStrict = isStrict
        self.note = note
        self.form = form
    }

    static func form(
        _ name: String, _ form: String, _ description: String, note: String? = nil
    ) -> FunctionDeclaration {
        FunctionDeclaration(name, description, [:], note: note, form: form)
    }
}

/// What belongs together in the documents.
package struct FunctionSection: Sendable {
    package let title: String
    package let declarations: [FunctionDeclaration]

    init(_ title: String, _ declarations: [FunctionDeclaration]) {
        self.title = title
        self.declarations = declarations
    }

    /// All that SQL can call.
    package static let all: [FunctionSection] = [
        conditional, mathematical, text, bytes, patterns, formatting, time, uuid, json, arrays,
        aggregates, windows, rows, sequences, session, catalogs, privileges,
        casts,
    ]
}
