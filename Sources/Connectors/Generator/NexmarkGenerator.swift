package import Types

/// Deterministic Nexmark events: event n is the same whenever it is asked for.
///
/// Of every 50 events the first is a person, three are auctions, 46 are bids; 10,000 events a second
/// of event time. Half of the bids go to the hot auction, three quarters to the hot bidder, three
/// quarters of the auctions to the hot seller; ids begin at 1000, categories at 10.
package struct NexmarkGenerator: Sendable {
    /// The three kinds of events.
    package enum Stream: String, Sendable, CaseIterable { case person, auction, bid }

    private let seed: UInt64
    private static let firstID: Int64 = 1000
    private static let inFlight: Int64 = 100
    private static let lead: Int64 = 10
    private static let activePeople: Int64 = 1000
    /// 2015-07-15 00:00:00, in microseconds since 2000-01-01.
    private static let baseTime: Int64 = 490_233_600_000_000
    private static let firstNames = [
        "Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter",
        "Walter",
    ]
    private static let lastNames = [
        "Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris",
    ]
    private static let cities = [
        "Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland", "Bend", "Redmond",
        "Seattle", "Kent", "Cheyenne",
    ]
    private static let states = ["AZ", "CA", "ID", "OR", "WA", "WY"]
    private static let hotChannels = ["Google", "Facebook", "Baidu", "Apple"]

    package init(seed: UInt64) { self.seed = seed }

    package static func columns(_ stream: Stream) -> [(String, DataType)] {
        switch stream {
        case .person:
            [
                ("id", .int8), ("name", .text), ("email_address", .text), ("credit_card", .text),
                ("city", .text), ("state", .text), ("date_time", .timestamp), ("extra", .text),
            ]
        case .auction:
            [
                ("id", .int8), ("item_name", .text), ("description", .text), ("initial_bid", .int8),
                ("reserve", .int8), ("date_time", .timestamp), ("expires", .timestamp),
                ("seller", .int8),
                ("category", .int8), ("extra", .text),
            ]
        case .bid:
            [
                ("auction", .int8), ("bidder", .int8), ("price", .int8), ("channel", .text),
                ("url", .text),
                ("date_time", .timestamp), ("extra", .text),
            ]
        }
    }

    package static func stream(of event: Int64) -> Stream {
        switch event % 50 {
        case 0: .person
        case 1, 2, 3: .auction
        default: .bid
        }
    }

    /// A small generator of its own for each event (splitmix64).
    private struct Dice {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }

        mutating func below(_ bound: Int64) -> Int64 {
            Int64(next().multipliedFullWidth(by: UInt64(max(bound, 1))).high)
        }

        mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }

        mutating func pick(_ list: [String]) -> String { list[Int(below(Int64(list.count)))] }

        mutating func letters(_ count: Int64, special: UInt8? = nil) -> [UInt8] {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(Int(count))
            var pool: UInt64 = 0
            for index in 0..<Int(count) {
                if index % 8 == 0 { pool = next() }
                let byte = UInt8(truncatingIfNeeded: pool)
                pool >>= 8
                let isSpecial = special != nil && byte < 20
                bytes.append(isSpecial ? special ?? 32 : 97 + byte % 26)
            }
            return bytes
        }

        /// 100 to 100,000,000, each magnitude as likely as another.
        mutating func price() -> Int64 {
            var value = 1.0
            let exponent = fraction() * 6
            // 10^exponent by its integer part and a short series for the rest.
            for _ in 0..<Int(exponent) { value *= 10 }
            let x = (exponent - exponent.rounded(.down)) * 2.302585092994046
            var term = 1.0
            var sum = 1.0
            for step in 1..<20 {
                term *= x / Double(step)
                sum += term
            }
            return Int64((value * sum * 100).rounded())
        }
    }

    private func time(_ event: Int64) -> Int64 { NexmarkGenerator.baseTime + event / 10 * 1000 }

    private func someone(_ event: Int64, _ dice: inout Dice) -> Int64 {
        let people = event / 50 + 1
        let active = min(people, NexmarkGenerator.activePeople)
        return people - active + dice.below(active + NexmarkGenerator.lead)
    }

    /// The values of an event, in the order of its stream's columns.
    package func values(_ event: Int64) -> [Value] {
        var dice = Dice(state: seed &* 0xD134_2543_DE82_EF95 &+ UInt64(bitPattern: event))
        _ = dice.next()
        switch NexmarkGenerator.stream(of: event) {
        case .person: return person(event, &dice)
        case .auction: return auction(event, &dice)
        case .bid: return bid(event, &dice)
        }
    }

    private func extra(_ wanted: Int64, _ dice: inout Dice) -> Value {
        let spread = max(wanted / 5, 1)
        return .text(dice.letters(max(wanted - spread + dice.below(2 * spread), 0)))
    }

    private func person(_ event: Int64, _ dice: inout Dice) -> [Value] {
        let name =
            dice.pick(NexmarkGenerator.firstNames) + " " + dice.pick(NexmarkGenerator.lastNames)
        var email = dice.letters(3 + dice.below(4))
        email += [64] + dice.letters(3 + dice.below(2)) + Array(".com".utf8)
        var card = ""
        for index in 0..<4 {
            let digits = String(dice.below(10_000))
            card +=
                (index > 0 ? " " : "") + String(repeating: "0", count: 4 - digits.count) + digits
        }
        let (city, state) = (dice.pick(NexmarkGenerator.cities), dice.pick(NexmarkGenerator.states))
        let used =
            8 + name.utf8.count + email.count + card.utf8.count + city.utf8.count + state.utf8.count
        return [
            .int(event / 50 + NexmarkGenerator.firstID), .string(name), .text(email), .string(card),
            .string(city), .string(state), .int(time(event)), extra(Int64(200 - used), &dice),
        ]
    }

    private func auction(_ event: Int64, _ dice: inout Dice) -> [Value] {
        let id = event / 50 * 3 + event % 50 - 1 + NexmarkGenerator.firstID
        let hot = event / 50 / 100 * 100
        let seller = dice.below(4) > 0 ? hot : someone(event, &dice)
        let first = dice.price()
        let reserve = first + dice.price()
        let horizon = (time(event + NexmarkGenerator.inFlight * 50 / 3) - time(event)) / 1000
        let expires = time(event) + (1 + dice.below(max(horizon * 2, 1))) * 1000
        let name = dice.letters(3 + dice.below(17), special: 32)
        let description = dice.letters(3 + dice.below(97), special: 32)
        let category = 10 + dice.below(5)
        let used = Int64(48 + name.count + description.count)
        return [
            .int(id), .text(name), .text(description), .int(first), .int(reserve),
            .int(time(event)),
            .int(expires), .int(seller + NexmarkGenerator.firstID), .int(category),
            extra(500 - used, &dice),
        ]
    }

    private func bid(_ event: Int64, _ dice: inout Dice) -> [Value] {
        let lastAuction = event / 50 * 3 + 2
        let low = max(lastAuction - NexmarkGenerator.inFlight, 0)
        let isHot = dice.below(2) > 0
        let auction =
            isHot
            ? lastAuction / 100 * 100
            : low + dice.below(lastAuction - low + 1 + NexmarkGenerator.lead)
        let bidder = dice.below(4) > 0 ? event / 50 / 100 * 100 + 1 : someone(event, &dice)
        let price = dice.price()
        let (channel, url) = self.channel(&dice)
        return [
            .int(auction + NexmarkGenerator.firstID), .int(bidder + NexmarkGenerator.firstID),
            .int(price),
            .string(channel), .string(url), .int(time(event)),
            .text(dice.letters(54 + dice.below(28))),
        ]
    }

    private func channel(_ dice: inout Dice) -> (String, String) {
        let number = dice.below(2) > 0 ? dice.below(4) : 4 + dice.below(10_000)
        // Everything about a channel follows from its number.
        var own = Dice(state: seed &+ UInt64(number) &* 0x9E37)
        let path = (0..<3).map { _ in
            String(decoding: own.letters(3 + own.below(2), special: 95), as: UTF8.self)
        }
        let base = "https://www.nexmark.com/\(path.joined(separator: "/"))/item.htm?query=1"
        if number < 4 { return (NexmarkGenerator.hotChannels[Int(number)], base) }
        let hasID = own.below(10) > 0
        let id = own.below(1 << 31)
        return ("channel-\(number - 4)", hasID ? "\(base)&channel_id=\(id)" : base)
    }

    /// The event as one line of JSON.
    package func json(_ event: Int64) -> [UInt8] {
        let columns = NexmarkGenerator.columns(NexmarkGenerator.stream(of: event))
        var line: [UInt8] = [123]
        for (index, value) in values(event).enumerated() {
            if index > 0 { line.append(44) }
            line += [34] + Array(columns[index].0.utf8) + [34, 58]
            switch value {
            case .int(let int) where columns[index].1.kind == .timestamp:
                line.append(34)
                appendTime(int, to: &line)
                line.append(34)
            case .int(let int): TextEncoding.append(integer: int, to: &line)
            case .text(let text): line += [34] + text + [34]
            default: line += Array("null".utf8)
            }
        }
        line.append(125)
        return line
    }

    /// Always with three digits of milliseconds.
    private func appendTime(_ value: Int64, to line: inout [UInt8]) {
        let fields = Timestamp.fields(value)
        for (number, width, mark) in [
            (fields.year, 4, 45), (fields.month, 2, 45), (fields.day, 2, 32), (fields.hour, 2, 58),
            (fields.minute, 2, 58), (fields.second, 2, 46), (fields.microsecond / 1000, 3, 0),
        ] {
            Timestamp.appendPadded(number, width: width, to: &line)
            if mark != 0 { line.append(UInt8(mark)) }
        }
    }
}
