/// In which order a date's numbers come when its text does not say so (DateStyle).
package enum DateOrder: UInt8, Hashable, Sendable {
    case monthFirst, dayFirst, yearFirst
}

/// How intervals are written (IntervalStyle); `sqlStandard` also decides how signs are read.
package enum IntervalStyle: UInt8, Hashable, Sendable {
    case postgres, postgresVerbose, sqlStandard, iso8601
}

/// What a session's settings say about the text of times, intervals, floating-point numbers and bytea.
package struct TextStyle: Hashable, Sendable {
    /// The number of the time zone (`TimeZones`) in which instants are shown and read; -1 for UTC.
    package var zone: Int32 = -1
    package var dateOrder = DateOrder.monthFirst
    package var intervalStyle = IntervalStyle.postgres
    /// extra_float_digits; 1 for all that is more than 0, which mean the same.
    package var floatDigits: Int8 = 1
    /// bytea_output = escape: bytes that are letters of ASCII are shown as such, the others in octal.
    package var escapesBytes = false

    package init() {}

    /// A text that only the same style has, in every process; empty for the default.
    package var fingerprint: String {
        if self == TextStyle() { return "" }
        // A zone is called as who asked for it first has written it.
        let name = TimeZones.rules(zone).name.lowercased()
        return "/\(name).\(dateOrder.rawValue).\(intervalStyle.rawValue).\(floatDigits)"
            + (escapesBytes ? ".escape" : "")
    }

    /// From the settings' values, by lower-case name; what is missing or unknown is the default.
    package init(settings: [String: String]) {
        zone = TimeZones.number(named: settings["timezone"] ?? "UTC") ?? -1
        dateOrder = DateStyleText.order(settings["datestyle"] ?? "") ?? .monthFirst
        intervalStyle = TextStyle.intervalStyles[settings["intervalstyle"] ?? ""] ?? .postgres
        floatDigits = min(1, Int8(settings["extra_float_digits"] ?? "1") ?? 1)
        escapesBytes = settings["bytea_output"] == "escape"
    }

    /// IntervalStyle's values.
    package static let intervalStyles: [String: IntervalStyle] = [
        "postgres": .postgres, "postgres_verbose": .postgresVerbose, "sql_standard": .sqlStandard,
        "iso_8601": .iso8601,
    ]

    /// The names of the settings that the meaning of a text depends on.
    package static let settings = [
        "timezone", "datestyle", "intervalstyle", "extra_float_digits", "bytea_output",
    ]
}

/// The setting DateStyle: an output format and an order, either of which may be left out.
package enum DateStyleText {
    private static let orders: [String: DateOrder] = [
        "mdy": .monthFirst, "us": .monthFirst, "noneuropean": .monthFirst, "dmy": .dayFirst,
        "euro": .dayFirst, "european": .dayFirst, "ymd": .yearFirst,
    ]

    private static func words(_ text: String) -> [String] {
        text.lowercased().split(separator: ",", omittingEmptySubsequences: false).map { part in
            let bytes = Array(part.utf8)
            return String(decoding: TextScan.trimmed(bytes), as: UTF8.self)
        }
    }

    /// The order that a value names; nil when it names none.
    package static func order(_ text: String) -> DateOrder? {
        words(text).lazy.compactMap { orders[$0] }.first
    }

    /// The value as SHOW prints it, what it leaves out taken from `current`.
    /// - Returns: nil when it is no value of the setting.
    /// - Throws: 0A000 for the output formats that are not there.
    package static func canonical(_ text: String, current: String) throws(SQLError) -> String? {
        var (format, order): (String?, DateOrder?) = (nil, nil)
        for word in words(text) {
            if word == "iso" {
                guard format == nil || format == word else { return nil }
                format = word
            } else if ["sql", "german", "postgres"].contains(word) {
                throw SQLError.unsupported("DateStyle \"\(text)\"")
            } else if let found = orders[word] {
                guard order == nil || order == found else { return nil }
                order = found
            } else if word != "default" || words(text).count > 1 {
                return nil
            }
        }
        switch order ?? DateStyleText.order(current) ?? .monthFirst {
        case .monthFirst: return "ISO, MDY"
        case .dayFirst: return "ISO, DMY"
        case .yearFirst: return "ISO, YMD"
        }
    }
}
