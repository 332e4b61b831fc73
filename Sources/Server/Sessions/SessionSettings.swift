import Types

/// The settings of one session: PostgreSQL's names and spellings.
struct SessionSettings {
    private(set) var values: [String: String]
    private var initial: [String: String]
    /// What they say about the text of times.
    private(set) var textStyle: TextStyle

    /// Those that the client is told of at start-up and whenever they change.
    static let reported = [
        "server_version", "server_encoding", "client_encoding", "application_name", "is_superuser",
        "session_authorization", "DateStyle", "IntervalStyle", "TimeZone", "integer_datetimes",
        "standard_conforming_strings", "default_transaction_read_only", "in_hot_standby",
    ]

    private static let readOnly: Set<String> = [
        "server_version", "server_version_num", "server_encoding", "integer_datetimes",
        "is_superuser",
        "in_hot_standby", "max_index_keys", "lc_collate", "lc_ctype",
    ]

    /// - Parameter options: what the client asks for; names that are no settings are passed over.
    /// - Throws: 22023 and 0A000 for values that a setting does not take.
    init(user: String, options: [String: String]) throws(SQLError) {
        var values = [
            "server_version": "15.0", "server_version_num": "150000", "server_encoding": "UTF8",
            "client_encoding": "UTF8", "application_name": "", "is_superuser": "on",
            "session_authorization": user, "datestyle": "ISO, MDY", "intervalstyle": "postgres",
            "timezone": "UTC", "integer_datetimes": "on", "standard_conforming_strings": "on",
            "default_transaction_read_only": "off", "in_hot_standby": "off",
            "search_path": "\"$user\", public",
            "extra_float_digits": "1", "transaction_isolation": "read committed",
            "default_transaction_isolation": "read committed", "transaction_read_only": "off",
            "statement_timeout": "0", "lock_timeout": "0",
            "idle_in_transaction_session_timeout": "0", "idle_session_timeout": "0",
            "client_min_messages": "notice", "bytea_output": "hex", "max_index_keys": "32",
            "default_table_access_method": "heap", "jit": "off", "lc_collate": "C", "lc_ctype": "C",
            "row_security": "on", "read_staleness": "0", "max_identifier_length": "63",
            "standard_conforming": "on", "backslash_quote": "safe_encoding",
            "escape_string_warning": "on",
            "xmloption": "content", "default_tablespace": "", "work_mem": "4MB",
        ]
        values.merge(UnusedSettings.values) { known, _ in known }
        self.values = values
        initial = values
        textStyle = TextStyle(settings: values)
        for (name, value) in options.sorted(by: { $0.key < $1.key }) {
            let key = name.lowercased()
            guard values[key] != nil, !SessionSettings.readOnly.contains(key) else { continue }
            try set(key, value)
        }
        // What RESET goes back to.
        initial = self.values
    }

    func value(_ name: String) throws(SQLError) -> String {
        guard let value = values[name.lowercased()] else {
            throw SQLError(.undefinedObject, "unrecognized configuration parameter \"\(name)\"")
        }
        return value
    }

    /// Sets, or with nil resets. - Throws: 42704, 55P02 or 22023.
    mutating func set(_ name: String, _ value: String?) throws(SQLError) {
        let key = name.lowercased()
        guard values[key] != nil || key.contains(".") else {
            throw SQLError(.undefinedObject, "unrecognized configuration parameter \"\(name)\"")
        }
        if SessionSettings.readOnly.contains(key) {
            throw SQLError(.cantChangeRuntimeParameter, "parameter \"\(name)\" cannot be changed")
        }
        var value = value ?? initial[key] ?? ""
        switch key {
        case "client_encoding":
            let plain = value.lowercased().filter { $0 != "-" && $0 != "_" }
            guard ["utf8", "unicode", "sqlascii"].contains(plain) else {
                throw SQLError(
                    .invalidParameterValue,
                    "invalid value for parameter \"client_encoding\": \"\(value)\"",
                    hint: "Only UTF8 is supported.")
            }
            value = "UTF8"
        case "timezone":
            if ["default", "local"].contains(value.lowercased()) { value = initial[key] ?? "UTC" }
            guard let rules = TimeZones.rules(named: value) else {
                throw SQLError(
                    .invalidParameterValue,
                    "invalid value for parameter \"TimeZone\": \"\(value)\"")
            }
            // Hours are shown as the zone that they make.
            if Double(value) != nil || rules.name == "UTC" && value.lowercased() == "utc" {
                value = rules.name
            }
        case "datestyle":
            guard
                let style = try DateStyleText.canonical(value, current: values[key] ?? "")
            else { throw invalid("DateStyle", value) }
            value = style
        case "intervalstyle":
            value = try choice(key, value, TextStyle.intervalStyles.keys.sorted())
        case "bytea_output": value = try choice(key, value, ["escape", "hex"])
        case "extra_float_digits": value = try floatDigits(value)
        case "standard_conforming_strings":
            guard ["on", "true", "1", "yes"].contains(value.lowercased()) else {
                throw SQLError.unsupported("standard_conforming_strings = off")
            }
            value = "on"
        case "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout",
            "idle_session_timeout":
            let milliseconds = try timeout(key, value)
            value = SessionSettings.shown(milliseconds)
        case "transaction_isolation", "default_transaction_isolation":
            value = try SessionSettings.isolation(value)
        default:
            if let choices = UnusedSettings.choices[key] {
                value = try choice(key, value, choices)
            } else if ["on", "off"].contains(initial[key]) {
                value = try SessionSettings.bool(key, value)
            } else if UnusedSettings.values[key] != nil, !UnusedSettings.isQuantity(value) {
                throw invalid(key, value)
            }
        }
        values[key] = value
        textStyle = TextStyle(settings: values)
    }

    /// One of the values of a setting that has a few, in lower case.
    private func choice(_ key: String, _ value: String, _ choices: [String]) throws(SQLError)
        -> String
    {
        let lowered = value.lowercased()
        if choices.contains(lowered) { return lowered }
        if let isOn = TextEncoding.parseBool(Array(lowered.utf8)), choices.contains("off") {
            return isOn ? "on" : "off"
        }
        let name = key == "intervalstyle" ? "IntervalStyle" : key
        throw SQLError(
            .invalidParameterValue, "invalid value for parameter \"\(name)\": \"\(value)\"",
            hint: "Available values: \(choices.joined(separator: ", ")).")
    }

    private func floatDigits(_ value: String) throws(SQLError) -> String {
        let key = "extra_float_digits"
        guard let number = Double(value), abs(number) < 1e9 else { throw invalid(key, value) }
        let digits = Int(number.rounded(.toNearestOrEven))
        guard (-15...3).contains(digits) else {
            throw SQLError(
                .invalidParameterValue,
                "\(digits) is outside the valid range for parameter \"\(key)\" (-15 .. 3)")
        }
        return String(digits)
    }

    private static func bool(_ name: String, _ value: String) throws(SQLError) -> String {
        guard let isOn = TextEncoding.parseBool(Array(value.utf8)) else {
            throw SQLError(
                .invalidParameterValue, "parameter \"\(name)\" requires a Boolean value")
        }
        return isOn ? "on" : "off"
    }

    /// The name of an isolation level. - Throws: 0A000, 22023.
    static func isolation(_ name: String) throws(SQLError) -> String {
        let name = name.lowercased()
        switch name {
        case "read committed", "read uncommitted", "repeatable read": return name
        case "serializable":
            throw SQLError(
                .featureNotSupported,
                "transaction isolation level \"serializable\" is not supported",
                hint: "Use \"repeatable read\" or \"read committed\".")
        default:
            throw SQLError(
                .invalidParameterValue,
                "invalid value for parameter \"transaction_isolation\": \"\(name)\"")
        }
    }

    private func invalid(_ name: String, _ value: String) -> SQLError {
        SQLError(
            .invalidParameterValue, "invalid value for parameter \"\(name)\": \"\(value)\"")
    }

    /// Those that the meaning of a text depends on and that are not the server's own.
    var changedTextSettings: [String: String] {
        let usual = [
            "timezone": "UTC", "datestyle": "ISO, MDY", "intervalstyle": "postgres",
            "bytea_output": "hex",
        ]
        var changed = values.filter { usual[$0.key] != nil && usual[$0.key] != $0.value }
        if textStyle.floatDigits <= 0 {
            changed["extra_float_digits"] = values["extra_float_digits"]
        }
        return changed
    }

    /// Puts back what a setting was.
    mutating func restore(_ name: String, _ value: String) {
        values[name] = value
        textStyle = TextStyle(settings: values)
    }

    mutating func reset() {
        values = initial
        textStyle = TextStyle(settings: values)
    }

    // MARK: - Timeouts

    /// The units of times in milliseconds, the longest first.
    private static let units: [(name: String, milliseconds: Double)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000), ("ms", 1),
        ("us", 0.001),
    ]

    /// Milliseconds of a text such as `100`, `1.5s` or `2 min`. - Throws: 22023.
    private func timeout(_ name: String, _ value: String) throws(SQLError) -> Int64 {
        let text = value.drop { $0 == " " }
        var rest = text.drop { $0.isNumber || "+-.".contains($0) }
        if let sign = rest.first, sign == "e" || sign == "E" {
            let exponent = rest.dropFirst().drop { $0.isNumber || "+-".contains($0) }
            if Double(text[..<exponent.startIndex]) != nil { rest = exponent }
        }
        var unit = rest.drop { $0 == " " }
        while unit.last == " " { unit.removeLast() }
        let factor =
            unit.isEmpty ? 1 : SessionSettings.units.first { $0.name == unit }?.milliseconds
        guard let count = Double(text[..<rest.startIndex]), let factor, abs(count) < 1e10 else {
            throw invalid(name, value)
        }
        let milliseconds = (count * factor).rounded(.toNearestOrEven)
        guard (0...2_147_483_647).contains(milliseconds) else {
            throw SQLError(
                .invalidParameterValue,
                "\(Int64(milliseconds)) ms is outside the valid range for parameter "
                    + "\"\(name)\" (0 ms .. 2147483647 ms)")
        }
        return Int64(milliseconds)
    }

    /// In the longest unit that it is a whole number of, as PostgreSQL shows it.
    private static func shown(_ milliseconds: Int64) -> String {
        if milliseconds == 0 { return "0" }
        for unit in units where unit.milliseconds >= 1 {
            let (count, rest) = milliseconds.quotientAndRemainder(
                dividingBy: Int64(unit.milliseconds))
            if rest == 0 { return "\(count)\(unit.name)" }
        }
        return "\(milliseconds)ms"
    }

    /// The value of a timeout; nil for none.
    func milliseconds(_ name: String) -> Int64? {
        guard let value = try? timeout(name, values[name] ?? ""), value > 0 else { return nil }
        return value
    }
}
