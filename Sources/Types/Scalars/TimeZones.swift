import Synchronization

/// The offsets of one time zone (RFC 8536, version 2 files; the footer's POSIX rule for later years).
package final class TimeZoneRules: Sendable {
    struct Offset {
        let seconds: Int
        let abbreviation: String
    }

    package let name: String
    /// Unix seconds from which `offsets[index]` holds, ascending.
    private let transitions: [Int64]
    private let indices: [Int]
    private let offsets: [Offset]
    private let rule: PosixZone?

    /// A zone that is a POSIX rule alone.
    init(name: String, rule: PosixZone) {
        self.name = name
        transitions = []
        indices = []
        offsets = [rule.standard]
        self.rule = rule
    }

    /// A zone with one offset.
    package init(name: String, seconds: Int, abbreviation: String) {
        self.name = name
        transitions = []
        indices = []
        offsets = [Offset(seconds: seconds, abbreviation: abbreviation)]
        rule = nil
    }

    /// - Throws: when the bytes are no such file.
    package init(name: String, file: [UInt8]) throws(MalformedBytes) {
        self.name = name
        var reader = ByteReader(file)
        var counts = try TimeZoneRules.header(&reader)
        // The first block has 32-bit times; the second, behind it, is what counts.
        let first =
            counts.times * 5 + counts.types * 6 + counts.characters + counts.leaps * 8
            + counts.standard + counts.utc
        _ = try reader.readBytes(first)
        counts = try TimeZoneRules.header(&reader)
        guard counts.times <= 10_000, counts.types >= 1, counts.types <= 256 else {
            throw MalformedBytes("counts of a time zone file")
        }
        var transitions: [Int64] = []
        for _ in 0..<counts.times { transitions.append(try reader.readInt64()) }
        var indices: [Int] = []
        for _ in 0..<counts.times { indices.append(Int(try reader.readUInt8())) }
        var types: [(Int, Int)] = []
        for _ in 0..<counts.types {
            let seconds = Int(try reader.readInt32())
            _ = try reader.readUInt8()
            types.append((seconds, Int(try reader.readUInt8())))
        }
        let characters = try reader.readBytes(counts.characters)
        _ = try reader.readBytes(counts.leaps * 12 + counts.standard + counts.utc)
        guard indices.allSatisfy({ $0 < types.count }) else {
            throw MalformedBytes("type of a zone")
        }
        self.transitions = transitions
        self.indices = indices
        offsets = types.map { seconds, at in
            let text = characters.dropFirst(at).prefix { $0 != 0 }
            return Offset(seconds: seconds, abbreviation: String(decoding: text, as: UTF8.self))
        }
        let footer = try reader.readBytes(reader.remaining)
        rule = PosixZone(String(decoding: footer.filter { $0 != 10 }, as: UTF8.self))
    }

    private struct Counts {
        var utc = 0, standard = 0, leaps = 0, times = 0, types = 0, characters = 0
    }

    private static func header(_ reader: inout ByteReader) throws(MalformedBytes) -> Counts {
        let magic = try reader.readBytes(4)
        guard magic == Array("TZif".utf8), try reader.readUInt8() >= 50 else {
            throw MalformedBytes("not a time zone file")
        }
        _ = try reader.readBytes(15)
        var numbers: [Int] = []
        for _ in 0..<6 { numbers.append(Int(try reader.readUInt32())) }
        guard numbers.allSatisfy({ $0 < 1 << 20 }) else { throw MalformedBytes("counts") }
        return Counts(
            utc: numbers[0], standard: numbers[1], leaps: numbers[2], times: numbers[3],
            types: numbers[4], characters: numbers[5])
    }

    /// Whether the zone has one offset for all times.
    var isFixed: Bool {
        (rule?.isFixed ?? true) && offsets.allSatisfy { $0.seconds == offsets[0].seconds }
    }

    /// What the zone's abbreviation meant at an instant: as it was last used then, else as it was first
    /// used later. - Returns: nil when the zone does not know it.
    func offset(named name: String, around instant: Int64) -> Int? {
        let seconds = TimeZoneRules.unixSeconds(instant)
        let uses = transitions.indices.filter { offsets[indices[$0]].abbreviation == name }
        let use = uses.last { transitions[$0] <= seconds } ?? uses.first
        return use.map { offsets[indices[$0]].seconds }
    }

    private func offset(atUnix seconds: Int64) -> Offset {
        guard let last = transitions.last else {
            return rule?.offset(atUnix: seconds) ?? offsets[0]
        }
        if seconds >= last, let rule { return rule.offset(atUnix: seconds) }
        if seconds < transitions[0] { return offsets[0] }
        var (low, high) = (0, transitions.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if transitions[middle] <= seconds { low = middle } else { high = middle }
        }
        return offsets[indices[low]]
    }

    private static func unixSeconds(_ instant: Int64) -> Int64 {
        let (quotient, remainder) = instant.quotientAndRemainder(dividingBy: 1_000_000)
        return quotient - (remainder < 0 ? 1 : 0) + Timestamp.unixEpochOffset / 1_000_000
    }

    /// Seconds east of Greenwich at an instant (microseconds since 2000-01-01 UTC).
    package func offset(at instant: Int64) -> Int {
        offset(atUnix: TimeZoneRules.unixSeconds(instant)).seconds
    }

    /// The zone's abbreviation at an instant.
    package func abbreviation(at instant: Int64) -> String {
        offset(atUnix: TimeZoneRules.unixSeconds(instant)).abbreviation
    }

    /// What clocks show at an instant.
    package func local(_ instant: Int64) -> Int64 {
        guard Timestamp.isFinite(instant) else { return instant }
        return instant &+ Int64(offset(at: instant)) * 1_000_000
    }

    /// The instant at which clocks show `local`; of a time that is skipped, as if the clock had not
    /// been put forward yet; of one that comes twice, the later, standard one (as PostgreSQL).
    package func instant(ofLocal local: Int64) -> Int64 {
        guard Timestamp.isFinite(local) else { return local }
        let day: Int64 = 86_400_000_000
        let before = Int64(offset(at: local &- day)) * 1_000_000
        let after = Int64(offset(at: local &+ day)) * 1_000_000
        let (early, late) = (local &- before, local &- after)
        if before == after { return early }
        let isEarly = Int64(offset(at: early)) * 1_000_000 == before
        let isLate = Int64(offset(at: late)) * 1_000_000 == after
        if isEarly, isLate { return max(early, late) }
        if isLate { return late }
        return early
    }
}

/// The zones that have been asked for, by number: a number fits into a type's modifier.
package enum TimeZones {
    private struct Contents {
        var rules: [TimeZoneRules] = []
        var numbers: [String: Int32] = [:]
        var loader: (@Sendable (String) -> [UInt8]?)?
    }

    private static let contents = Mutex(Contents())
    package static let utc = TimeZoneRules(name: "UTC", seconds: 0, abbreviation: "UTC")
    private static let maximumZones = 4096

    /// How a zone's file is read; it is given a name of letters, digits, `_`, `+`, `-` and `/`.
    package static func use(_ loader: @escaping @Sendable (String) -> [UInt8]?) {
        contents.withLock { $0.loader = loader }
    }

    /// The number of a zone; nil when there is none of the name. UTC is -1.
    package static func number(named name: String) -> Int32? {
        let key = name.lowercased()
        if ["utc", "gmt", "z", "etc/utc", "zulu", "uct"].contains(key) { return -1 }
        return contents.withLock { contents in
            if let found = contents.numbers[key] { return found }
            guard contents.rules.count < maximumZones,
                let rules = fixed(name) ?? load(name, contents.loader) ?? posix(name)
            else { return nil }
            let number = Int32(contents.rules.count)
            contents.rules.append(rules)
            contents.numbers[key] = number
            return number
        }
    }

    private static func load(_ name: String, _ loader: (@Sendable (String) -> [UInt8]?)?)
        -> TimeZoneRules?
    {
        let isSafe = name.utf8.allSatisfy { byte in
            (byte | 32 >= 97 && byte | 32 <= 122) || (byte >= 48 && byte <= 57)
                || [43, 45, 47, 95].contains(byte)
        }
        guard isSafe, !name.hasPrefix("/"), !name.isEmpty, let file = loader?(name) else {
            return nil
        }
        return try? TimeZoneRules(name: name, file: file)
    }

    /// +02, -8, 10.5: hours east of Greenwich, as SET TIME ZONE takes them. With a colon (-05:30) it is a
    /// POSIX zone without a name, which counts to the west.
    private static func fixed(_ name: String) -> TimeZoneRules? {
        guard name.utf8.count <= 16, name.utf8.allSatisfy({ $0 < 58 }), let hours = Double(name),
            abs(hours) <= 167
        else { return nil }
        return east(seconds: Int(hours * 3600))
    }

    /// A zone of one offset, called as PostgreSQL calls it: <-08>+08.
    package static func east(seconds: Int) -> TimeZoneRules {
        func text(_ isNegative: Bool) -> String {
            let size = seconds.magnitude
            func two(_ number: UInt) -> String { (number < 10 ? "0" : "") + String(number) }
            var text = (isNegative ? "-" : "+") + two(size / 3600)
            if size % 3600 != 0 { text += ":" + two(size / 60 % 60) }
            if size % 60 != 0 { text += ":" + two(size % 60) }
            return text
        }
        let abbreviation = text(seconds < 0)
        return TimeZoneRules(
            name: "<\(abbreviation)>" + text(seconds >= 0), seconds: seconds,
            abbreviation: abbreviation)
    }

    /// Seconds east of Greenwich of a sign and hours; nil for anything else.
    package static func offset(_ name: String) -> Int? {
        try? MomentDecoder.offset(Array(name.utf8))
    }

    /// EST5EDT, CET-1CEST,M3.5.0,M10.5.0/3; without dates of its own a summer time has those of the
    /// United States.
    fileprivate static func posix(_ name: String) -> TimeZoneRules? {
        guard name.utf8.count <= 255, let rule = PosixZone(name.uppercased()) else { return nil }
        return TimeZoneRules(name: name.uppercased(), rule: rule)
    }

    package static func rules(_ number: Int32) -> TimeZoneRules {
        if number < 0 { return utc }
        return contents.withLock {
            Int(number) < $0.rules.count ? $0.rules[Int(number)] : utc
        }
    }

    package static func rules(named name: String) -> TimeZoneRules? {
        number(named: name).map { rules($0) }
    }
}

/// A zone as an expression names it: abbreviations come first, unlike in SET TIME ZONE.
package struct NamedZone {
    package let rules: TimeZoneRules
    /// The abbreviation, where its meaning has changed over the years.
    private let abbreviation: String?

    /// `eastward`: an offset counts to the east, as in the text of an instant; else to the west, as in
    /// POSIX. - Returns: nil when there is no such zone.
    package init?(_ name: String, eastward: Bool = false) {
        let found: TimeZoneRules?
        var changing: String?
        switch ZoneAbbreviations.meaning(name.lowercased()) {
        case .offset(let seconds)?:
            found = TimeZoneRules(
                name: name, seconds: seconds, abbreviation: name.uppercased())
        case .zone(let zone)?:
            found = TimeZones.rules(named: zone)
            changing = name.uppercased()
        case nil:
            if let seconds = TimeZones.offset(name) {
                found = TimeZoneRules(
                    name: name, seconds: eastward ? seconds : -seconds, abbreviation: name)
            } else if Double(name) != nil {
                // Hours count to the east in SET TIME ZONE alone.
                found = TimeZones.posix(name)
            } else {
                found = TimeZones.rules(named: name)
            }
        }
        guard let found else { return nil }
        rules = found
        abbreviation = changing
    }

    /// Seconds east of Greenwich that the abbreviation meant around an instant; nil where the zone's own
    /// offset counts.
    private func changed(around instant: Int64) -> Int? {
        guard let abbreviation, Timestamp.isFinite(instant) else { return nil }
        return rules.offset(named: abbreviation, around: instant)
    }

    /// What clocks show at an instant.
    package func local(_ instant: Int64) -> Int64 {
        guard let seconds = changed(around: instant) else { return rules.local(instant) }
        return instant &+ Int64(seconds) * 1_000_000
    }

    /// The instant at which clocks show `local`.
    package func instant(ofLocal local: Int64) -> Int64 {
        let instant = rules.instant(ofLocal: local)
        guard let seconds = changed(around: instant) else { return instant }
        return local &- Int64(seconds) * 1_000_000
    }
}
