/// Text by templates, date and time: what SQL can call, and PostgreSQL's identifiers.
extension FunctionSection {
    static let formatting = FunctionSection(
        "Text by templates",
        [
            .init(
                "to_char", "a time, an interval or a number as text, by a template",
                [
                    "timestamp text": 2049, "interval text": 1768, "int4 text": 1773,
                    "int8 text": 1774, "numeric text": 1772, "float8 text": 1776,
                    "float4 text": 1775, "timestamptz text": 1770,
                ], volatility: .stable),
            .init(
                "to_date", "a date of text, by a template", ["text text": 1780], volatility: .stable
            ),
            .init(
                "to_number", "a number of text, by a template", ["text text": 1777],
                volatility: .stable),
            .init(
                "to_timestamp", "a time of text, by a template", ["text text": 1778],
                volatility: .stable),
            .init(
                "to_timestamp", "the time so many seconds after 1970 began in UTC", ["float8": 1158]
            ),
        ])

    static let time = FunctionSection(
        "Date and time",
        [
            .init(
                "age", "what lies between two times, in years, months and days",
                ["timestamp timestamp": 2058, "timestamptz timestamptz": 1199],
                volatility: .immutable),
            .init(
                "age", "what lies between a time and the midnight of today",
                ["timestamp -> interval": 2059, "timestamptz -> interval": 1386],
                volatility: .stable),
            .init(
                "clock_timestamp", "now", ["()": 2649], volatility: .volatile,
                note: "the time at which the transaction began, as now()"),
            .form("current_date", "CURRENT_DATE", "today"),
            .form("current_time", "CURRENT_TIME", "the time of day", note: "of type time"),
            .form("current_timestamp", "CURRENT_TIMESTAMP", "now"),
            .init(
                "date_bin",
                "the start of the stride that a time falls into, counted from an origin",
                ["interval timestamp timestamp": 6177, "interval timestamptz timestamptz": 6178]),
            .init(
                "date_part", "a field of a time or an interval, in double precision",
                [
                    "text timestamp": 2021, "text date": 1384, "text time": 1385,
                    "text interval": 1172, "text timestamptz": 1171,
                ]),
            .init(
                "date_trunc", "a time or an interval cut to a unit",
                ["text timestamp": 2020, "text timestamptz": 1217, "text interval": 1218]),
            .init(
                "date_trunc", "a time cut to a unit, in a time zone",
                ["text timestamptz text": 1284], volatility: .stable),
            .init(
                "extract", "a field of a time or an interval",
                [
                    "text timestamp": 6202, "text date": 6199, "text time": 6200,
                    "text interval": 6204, "text timestamptz": 6203,
                ], note: "written EXTRACT(field FROM value)"),
            .init(
                "isfinite", "whether it is no infinity",
                ["date": 1373, "timestamp": 2048, "timestamptz": 1389, "interval": 1390]),
            .init("justify_days", "with each 30 days as a month", ["interval": 1295]),
            .init("justify_hours", "with each 24 hours as a day", ["interval": 1175]),
            .init(
                "justify_interval", "with days as months and hours as days, all of one sign",
                ["interval": 2711]),
            .form("localtime", "LOCALTIME", "the time of day"),
            .form("localtimestamp", "LOCALTIMESTAMP", "now, in the session's time zone"),
            .init("make_date", "a date of its parts", ["year:int4 month:int4 day:int4": 3846]),
            .init(
                "make_interval", "an interval of its parts",
                [
                    "years:int4=0 months:int4=0 weeks:int4=0 days:int4=0 hours:int4=0 mins:int4=0 secs:float8=0.0":
                        3464
                ]),
            .init(
                "make_time", "a time of day of its parts", ["hour:int4 min:int4 sec:float8": 3847]),
            .init(
                "make_timestamp", "a timestamp of its parts",
                ["year:int4 month:int4 mday:int4 hour:int4 min:int4 sec:float8": 3461]),
            .init(
                "make_timestamptz",
                "a timestamp of its parts in the session's or the given time zone",
                [
                    "year:int4 month:int4 mday:int4 hour:int4 min:int4 sec:float8 timezone:text":
                        3463, "year:int4 month:int4 mday:int4 hour:int4 min:int4 sec:float8": 3462,
                ], volatility: .stable),
            .init("now", "when the transaction began", ["()": 1299]),
            .init(
                "overlaps", "whether two spans of time have a time in common",
                [
                    "timestamp timestamp timestamp timestamp": 2041,
                    "timestamptz timestamptz timestamptz timestamptz": 1304,
                    "time time time time": 1308,
                    "timestamp interval timestamp interval -> bool": 2042,
                    "timestamp timestamp timestamp interval -> bool": 2043,
                    "timestamp interval timestamp timestamp -> bool": 2044,
                    "time interval time interval -> bool": 1309,
                    "time time time interval -> bool": 1310,
                    "time interval time time -> bool": 1311,
                ], isStrict: false,
                note: "written (start, end) OVERLAPS (start, end); for an end, a length may stand"),
            .init(
                "overlaps", "whether two spans of time have a time in common",
                [
                    "timestamptz interval timestamptz interval -> bool": 1305,
                    "timestamptz timestamptz timestamptz interval -> bool": 1306,
                    "timestamptz interval timestamptz timestamptz -> bool": 1307,
                ], volatility: .stable, isStrict: false),
            .init(
                "statement_timestamp", "when the statement began", ["()": 2648],
                note: "the time at which the transaction began, as now()"),
            .init(
                "timezone", "the same instant in a time zone",
                [
                    "text timestamp": 2069, "text timestamptz": 1159, "interval timestamp": 2070,
                    "interval timestamptz": 1026,
                ], note: "also value AT TIME ZONE zone"),
            .init("transaction_timestamp", "when the transaction began", ["()": 2647]),
            .init(
                "tumble_start",
                "the start of the window of a width, and an offset, that a time falls into",
                ["timestamp interval": 15002, "timestamp interval interval": 15003]),
        ])
}
