/// One token of a statement's text.
struct Token: Sendable {
    enum Kind: Equatable, Sendable {
        /// An unquoted word, folded to lower case.
        case word(String)
        /// A quoted identifier, as written.
        case quoted(String)
        case string(String)
        case integer(String)
        case decimal(String)
        case parameter(Int)
        /// An operator or a punctuation mark.
        case symbol(String)
        case end
    }

    let kind: Kind
    /// Byte offsets in the text.
    let start: Int
    let end: Int
}
