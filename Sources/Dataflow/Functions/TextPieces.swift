import CPure
import Types

/// Finds pieces of texts without copying them: byte ranges. A character is one of UTF-8's.
enum TextPieces {
    typealias Text = Cells<UInt8>

    /// Whether a byte begins a character.
    private static func isStart(_ byte: UInt8) -> Bool { byte & 0xC0 != 0x80 }

    static func characterCount(_ text: Text, before end: Int? = nil) -> Int {
        var count = 0
        for index in 0..<(end ?? text.count) { count += isStart(text[index]) ? 1 : 0 }
        return count
    }

    /// The byte so many characters behind `start`; the end when there are fewer.
    private static func forward(_ text: Text, from start: Int, by characters: Int) -> Int {
        var (at, left) = (start, characters)
        while left > 0, at < text.count {
            at += 1
            while at < text.count, !isStart(text[at]) { at += 1 }
            left -= 1
        }
        return at
    }

    /// The byte so many characters before the end; 0 when there are fewer.
    private static func backward(_ text: Text, by characters: Int) -> Int {
        var (at, left) = (text.count, characters)
        while left > 0, at > 0 {
            at -= 1
            while at > 0, !isStart(text[at]) { at -= 1 }
            left -= 1
        }
        return at
    }

    /// Where `needle` begins, at or behind `from`; nil when it is not there.
    static func find(_ needle: Text, in text: Text, from: Int = 0) -> Int? {
        let at = unsafe cpure_find(
            text.unsafePointer + from, text.count - from, needle.unsafePointer, needle.count)
        return at < 0 ? nil : from + Int(at)
    }

    static func isPrefix(_ prefix: Text, of text: Text) -> Bool {
        guard prefix.count <= text.count else { return false }
        for index in 0..<prefix.count where prefix[index] != text[index] { return false }
        return true
    }

    /// Characters from a position on, which counts from 1 and may lie before the text.
    /// - Throws: 22011 for a negative count.
    static func substring(_ text: Text, from: Int64, count: Int64?) throws(SQLError) -> Range<Int> {
        var end = Int64.max
        if let count {
            if count < 0 {
                throw SQLError(.substringError, "negative substring length not allowed")
            }
            let (sum, overflow) = from.addingReportingOverflow(count)
            if !overflow { end = sum }
        }
        // A character has at least one byte.
        let first = Int(min(max(from, 1) - 1, Int64(text.count)))
        let last = Int(min(max(end - 1, 0), Int64(text.count)))
        guard first < last else { return 0..<0 }
        let start = forward(text, from: 0, by: first)
        return start..<forward(text, from: start, by: last - first)
    }

    /// The first characters; all but the last when the number is negative.
    static func left(_ text: Text, _ count: Int) -> Range<Int> {
        0..<(count >= 0 ? forward(text, from: 0, by: count) : backward(text, by: -count))
    }

    /// The last characters; all but the first when the number is negative.
    static func right(_ text: Text, _ count: Int) -> Range<Int> {
        (count >= 0 ? backward(text, by: count) : forward(text, from: 0, by: -count))..<text.count
    }

    /// The field of that number between separators; from the end when negative, empty when there is none.
    /// - Throws: 22023 for 0.
    static func field(_ text: Text, _ separator: Text, _ number: Int) throws(SQLError) -> Range<Int>
    {
        if number == 0 {
            throw SQLError(.invalidParameterValue, "field position must not be zero")
        }
        if separator.count == 0 { return abs(number) == 1 ? 0..<text.count : 0..<0 }
        var wanted = number
        if number < 0 {
            var (fields, from) = (1, 0)
            while let at = find(separator, in: text, from: from) {
                fields += 1
                from = at + separator.count
            }
            wanted = fields + number + 1
        }
        if wanted < 1 { return 0..<0 }
        var from = 0
        for _ in 1..<wanted {
            guard let at = find(separator, in: text, from: from) else { return 0..<0 }
            from = at + separator.count
        }
        return from..<(find(separator, in: text, from: from) ?? text.count)
    }

    /// The text without characters of a set at its ends.
    static func trimmed(_ text: Text, _ set: Text, left: Bool, right: Bool) -> Range<Int> {
        var (start, end) = (0, text.count)
        while left, start < end {
            let next = forward(text, from: start, by: 1)
            guard contains(set, text, start..<next) else { break }
            start = next
        }
        while right, start < end {
            var last = end - 1
            while last > start, !isStart(text[last]) { last -= 1 }
            guard contains(set, text, last..<end) else { break }
            end = last
        }
        return start..<end
    }

    private static func contains(_ set: Text, _ text: Text, _ character: Range<Int>) -> Bool {
        var at = 0
        while at < set.count {
            let next = forward(set, from: at, by: 1)
            if next - at == character.count {
                var length = 0
                while length < character.count,
                    set[at + length] == text[character.lowerBound + length]
                {
                    length += 1
                }
                if length == character.count { return true }
            }
            at = next
        }
        return false
    }
}

/// The texts of a column, row by row, without copies: valid while the column is.
struct TextRows {
    private let offsets: Cells<Int64>
    private let bytes: Cells<UInt8>

    init(_ column: Column) {
        guard let texts = column.texts else { preconditionFailure("not a text column") }
        offsets = texts.offsets.cells
        bytes = texts.bytes.cells
    }

    subscript(row: Int) -> Cells<UInt8> {
        let (from, to) = (Int(offsets[row]), Int(offsets[row + 1]))
        return unsafe Cells(bytes.unsafePointer + from, count: to - from)
    }
}
