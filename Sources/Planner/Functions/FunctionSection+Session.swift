/// Sequences and the session: what SQL can call, and PostgreSQL's identifiers.
extension FunctionSection {
    static let sequences = FunctionSection(
        "Sequences",
        [
            .init(
                "currval", "what this session drew last from a sequence", ["regclass": 1575],
                volatility: .volatile),
            .init("lastval", "what this session drew last", ["()": 2559], volatility: .volatile),
            .init(
                "nextval", "draws the next value of a sequence", ["regclass": 1574],
                volatility: .volatile),
            .init(
                "setval", "sets what the next value follows; or is, when the third is false",
                ["regclass int8": 1576, "regclass int8 bool": 1765], volatility: .volatile),
        ])

    static let session = FunctionSection(
        "The session",
        [
            .form("current_catalog", "CURRENT_CATALOG", "the database"),
            .init("current_database", "the database", ["()": 861]),
            .form("current_role", "CURRENT_ROLE", "the user"),
            .init("current_schema", "where new relations go", ["()": 1402]),
            .init(
                "current_schemas",
                "the schemas of the search path; with those that nobody named when it is true",
                ["bool": 1403]),
            .init(
                "current_setting",
                "the value of a setting; NULL for one that is not there when the second is true",
                ["text": 2077, "text bool": 3294]),
            .init("current_user", "the user", ["()": 745], note: "written CURRENT_USER"),
            .init("getdatabaseencoding", "always UTF8", ["()": 1039]),
            .init("inet_client_addr", "always NULL", ["() -> text": 2196]),
            .init("inet_client_port", "always NULL", ["()": 2197]),
            .init("inet_server_addr", "always NULL", ["() -> text": 2198]),
            .init("inet_server_port", "always NULL", ["()": 2199]),
            .init(
                "pg_advisory_unlock_all", "does nothing: there are no advisory locks",
                ["()": 2892], volatility: .volatile),
            .init("pg_backend_pid", "the number of this session", ["()": 2026]),
            .init("pg_client_encoding", "always UTF8", ["()": 810]),
            .init("pg_conf_load_time", "when the server began", ["()": 2034]),
            .init("pg_is_in_recovery", "always false", ["()": 3810], volatility: .volatile),
            .init("pg_my_temp_schema", "always 0: there are no temporary tables", ["()": 2854]),
            .init("pg_jit_available", "always false", ["()": 315], volatility: .volatile),
            .init("pg_postmaster_start_time", "when the server began", ["()": 2560]),
            .init("session_user", "the user", ["()": 746], note: "written SESSION_USER"),
            .init(
                "set_config",
                "sets a setting, for the transaction alone when the third is true; the new value",
                ["text text bool": 2078], volatility: .volatile),
            .form("user", "USER", "the user"),
            .init("version", "what server this is", ["()": 89]),
        ])
}
