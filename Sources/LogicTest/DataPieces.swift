/// Cuts the rows of an INSERT … VALUES into several statements, so that data arrives in pieces.
enum DataPieces {
    /// The statements that insert the same rows in the same order, in pieces that `generator` chooses;
    /// the statement itself when it is no plain INSERT of several rows.
    static func cut(_ sql: String, _ generator: inout SplitMix) -> [String] {
        let bytes = Array(sql.utf8)
        guard let start = valuesEnd(bytes), let rows = rows(bytes, from: start), rows.count > 1
        else { return [sql] }
        let head = String(decoding: bytes[..<start], as: UTF8.self)
        var pieces: [String] = []
        var next = 0
        while next < rows.count {
            let size = 1 + Int(generator.next() % UInt64(rows.count))
            let piece = rows[next..<min(next + size, rows.count)]
            pieces.append(
                head + " "
                    + piece.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ","))
            next += size
        }
        return pieces
    }

    /// Where the rows begin: behind INSERT INTO name [(columns)] VALUES.
    private static func valuesEnd(_ bytes: [UInt8]) -> Int? {
        let text = String(decoding: bytes, as: UTF8.self).lowercased()
        guard text.hasPrefix("insert into "), let range = text.firstRange(of: "values"),
            !text[..<range.lowerBound].contains("select")
        else { return nil }
        return text[..<range.upperBound].utf8.count
    }

    /// The parenthesized rows; nil when something else follows them, or an expression is not plain.
    private static func rows(_ bytes: [UInt8], from start: Int) -> [ArraySlice<UInt8>]? {
        var rows: [ArraySlice<UInt8>] = []
        var (depth, first, isQuoted, expectsRow) = (0, start, false, true)
        for index in start..<bytes.count {
            let byte = bytes[index]
            if isQuoted {
                isQuoted = byte != UInt8(ascii: "'")
                continue
            }
            switch byte {
            case UInt8(ascii: "'"):
                // E'…' may hold an escaped quote.
                if index > start, bytes[index - 1] | 32 == UInt8(ascii: "e") { return nil }
                isQuoted = true
            case UInt8(ascii: "\""), UInt8(ascii: "$"), UInt8(ascii: "-"), UInt8(ascii: "/"):
                let isComment = index + 1 < bytes.count && bytes[index + 1] == byte
                if byte != UInt8(ascii: "-") && byte != UInt8(ascii: "/") || isComment {
                    return nil
                }
            case UInt8(ascii: "("), UInt8(ascii: "["):
                if depth == 0 {
                    guard expectsRow else { return nil }
                    first = index
                }
                depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 {
                    rows.append(bytes[first...index])
                    expectsRow = false
                }
            case UInt8(ascii: ","): if depth == 0 { expectsRow = true }
            case 9, 10, 13, 32: break
            default: if depth == 0 { return nil }
            }
        }
        return depth == 0 && !expectsRow ? rows : nil
    }
}

/// Numbers that a seed decides (SplitMix64).
struct SplitMix {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
