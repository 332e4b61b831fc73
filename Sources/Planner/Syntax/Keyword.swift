/// Words that cannot be names without quotes: PostgreSQL's reserved ones (kwlist.h).
enum Keyword {
    static let reserved: Set<String> = [
        "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "both",
        "case",
        "cast", "check", "collate", "column", "constraint", "create", "current_catalog",
        "current_date", "current_role", "current_time", "current_timestamp", "current_user",
        "default", "deferrable", "desc", "distinct", "do", "else", "end", "except", "false",
        "fetch",
        "for", "foreign", "from", "grant", "group", "having", "in", "initially", "intersect",
        "into",
        "lateral", "leading", "limit", "localtime", "localtimestamp", "not", "null", "offset", "on",
        "only", "or", "order", "placing", "primary", "references", "returning", "select",
        "session_user", "some", "symmetric", "table", "then", "to", "trailing", "true", "union",
        "unique", "user", "using", "variadic", "when", "where", "window", "with",
    ]

    /// Reserved, but allowed as a function's or a type's name.
    static let functionOrType: Set<String> = [
        "authorization", "binary", "collation", "concurrently", "cross", "current_schema", "freeze",
        "full", "ilike", "inner", "is", "isnull", "join", "left", "like", "natural", "notnull",
        "outer", "overlaps", "right", "similar", "tablesample", "verbose",
    ]

    /// Words that cannot be a column's label without AS.
    static let notBareLabel: Set<String> = [
        "array", "as", "char", "character", "create", "day", "except", "fetch", "filter", "for",
        "from", "grant", "group", "having", "hour", "intersect", "into", "isnull", "limit",
        "minute",
        "month", "notnull", "offset", "on", "order", "over", "overlaps", "precision", "returning",
        "second", "to", "union", "varying", "where", "window", "with", "within", "without", "year",
        "emit",
    ]
}
