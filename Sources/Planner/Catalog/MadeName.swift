/// Names that PostgreSQL makes of a relation's and a column's: `orders_id_seq`.
package enum MadeName {
    private static let most = 63

    /// The parts with underscores between, the longer of the first two cut until all are within a name's
    /// 63 bytes, and not within a character (PostgreSQL's makeObjectName).
    package static func of(_ first: String, _ second: String?, _ label: String) -> String {
        let room = most - label.utf8.count - 1 - (second == nil ? 0 : 1)
        var (one, two) = (first.utf8.count, second?.utf8.count ?? 0)
        while one + two > room { if one > two { one -= 1 } else { two -= 1 } }
        return ([cut(first, one)] + (second.map { [cut($0, two)] } ?? []) + [label])
            .joined(separator: "_")
    }

    private static func cut(_ text: String, _ bytes: Int) -> String {
        var count = 0
        return String(
            text.unicodeScalars.prefix { scalar in
                count += String(scalar).utf8.count
                return count <= bytes
            })
    }
}
