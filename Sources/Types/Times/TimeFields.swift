/// The fields that a text of a date, time or interval falls into.
///
/// What a field means depends on its neighbours; here only its form is looked at. Spaces and
/// punctuation stand between fields, except those that belong into one.
struct TimeField {
    enum Form {
        /// Digits, perhaps with one point.
        case number
        /// Digits and colons.
        case time
        /// Digits and letters around `-`, `/` or `.`; also the names of zones that have such.
        case date
        /// Letters.
        case word
        /// A sign and digits.
        case signed
        /// A sign and letters.
        case special
    }

    let form: Form
    /// As it was written, apart from blanks behind a sign.
    let text: [UInt8]

    /// The text, lower case.
    var word: String {
        String(decoding: text.map { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 }, as: UTF8.self)
    }

    /// How many fields a text can have, and how long they are together.
    private static let maximumCount = 25
    private static let maximumLength = 160

    /// - Returns: nil when the text has another form or is too long.
    static func split(_ text: [UInt8]) -> [TimeField]? {
        var cutter = FieldCutter(text: text)
        var fields: [TimeField] = []
        var length = 0
        while let byte = cutter.peek {
            if TextScan.isSpace(byte) {
                cutter.index += 1
                continue
            }
            guard let form = cutter.field(byte) else {
                guard FieldCutter.isPunctuation(byte), byte != 43, byte != 45 else { return nil }
                cutter.index += 1
                continue
            }
            length += cutter.taken.count + 1
            guard fields.count < maximumCount, length <= maximumLength else { return nil }
            fields.append(TimeField(form: form, text: cutter.taken))
        }
        return fields
    }
}

/// Takes one field after the other from a text.
private struct FieldCutter {
    let text: [UInt8]
    var index = 0
    /// What the last field consists of.
    var taken: [UInt8] = []

    init(text: [UInt8]) { self.text = text }

    var peek: UInt8? { index < text.count ? text[index] : nil }

    static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
    static func isLetter(_ byte: UInt8) -> Bool { byte | 32 >= 97 && byte | 32 <= 122 }

    static func isPunctuation(_ byte: UInt8) -> Bool {
        byte > 32 && byte < 127 && !isDigit(byte) && !isLetter(byte)
    }

    private mutating func take() {
        taken.append(text[index])
        index += 1
    }

    private mutating func take(while accepts: (UInt8) -> Bool) {
        while let byte = peek, accepts(byte) { take() }
    }

    /// The form of the field that begins here; nil when none does.
    mutating func field(_ byte: UInt8) -> TimeField.Form? {
        taken = []
        if FieldCutter.isDigit(byte) { return digits() }
        if FieldCutter.isLetter(byte) { return letters() }
        switch byte {
        case 46:
            take()
            take(while: FieldCutter.isDigit)
            return .number
        case 43, 45: return signed()
        default: return nil
        }
    }

    private mutating func digits() -> TimeField.Form {
        take(while: FieldCutter.isDigit)
        guard let mark = peek else { return .number }
        if mark == 58 {
            take(while: { FieldCutter.isDigit($0) || $0 == 58 || $0 == 46 })
            return .time
        }
        guard mark == 45 || mark == 47 || mark == 46 else { return .number }
        take()
        guard let next = peek, FieldCutter.isDigit(next) else {
            take(while: { FieldCutter.isDigit($0) || FieldCutter.isLetter($0) || $0 == mark })
            return .date
        }
        take(while: FieldCutter.isDigit)
        // Only with the same mark twice is it a date of three parts.
        guard peek == mark else { return mark == 46 ? .number : .date }
        take(while: { FieldCutter.isDigit($0) || $0 == mark })
        return .date
    }

    private mutating func letters() -> TimeField.Form {
        take(while: FieldCutter.isLetter)
        guard let next = peek else { return .word }
        var isDate = next == 45 || next == 47 || next == 46
        if next == 43 || FieldCutter.isDigit(next) {
            // Behind a word of ours a number begins its own field: J2451187.
            isDate = TimeWords.word(TimeField(form: .word, text: taken).word) == nil
        }
        guard isDate else { return .word }
        take(while: {
            FieldCutter.isDigit($0) || FieldCutter.isLetter($0)
                || [43, 45, 46, 47, 58, 95].contains($0)
        })
        return .date
    }

    private mutating func signed() -> TimeField.Form? {
        let start = index
        take()
        while let byte = peek, TextScan.isSpace(byte) { index += 1 }
        if let byte = peek, FieldCutter.isDigit(byte) {
            take(while: { FieldCutter.isDigit($0) || [45, 46, 58].contains($0) })
            return .signed
        }
        if let byte = peek, FieldCutter.isLetter(byte) {
            take(while: FieldCutter.isLetter)
            return .special
        }
        index = start
        return nil
    }
}

/// Reads numbers at the beginning of a field's text.
struct FieldScanner {
    private let text: ArraySlice<UInt8>
    private var index: Int

    /// A number that does not fit.
    struct Overflow: Error {}

    init(_ text: some Collection<UInt8>) {
        self.text = Array(text)[...]
        index = 0
    }

    var peek: UInt8? { index < text.count ? text[index] : nil }
    var isAtEnd: Bool { index >= text.count }
    /// What has not been read.
    var rest: ArraySlice<UInt8> { text[index...] }
    /// How much has been read.
    var position: Int { index }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        index += 1
        return true
    }

    /// A signed integer; 0 where there are no digits. - Throws: when it does not fit.
    mutating func integer(atMost limit: Int64 = .max) throws(Overflow) -> Int64 {
        let start = index
        let isNegative = peek == 45
        if peek == 45 || peek == 43 { index += 1 }
        let digits = index
        var value: Int64 = 0
        while let byte = peek, byte >= 48, byte <= 57 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, more) = product.addingReportingOverflow(
                isNegative ? -Int64(byte - 48) : Int64(byte - 48))
            guard !overflow, !more, sum <= limit, sum >= -limit - 1 else { throw Overflow() }
            value = sum
            index += 1
        }
        if index == digits { index = start }
        return value
    }

    mutating func int32() throws(Overflow) -> Int { Int(try integer(atMost: Int64(Int32.max))) }

    /// A point and digits up to the end, as a fraction of one; nil when something else follows.
    func fraction() -> Double? {
        guard peek == 46 else { return nil }
        let digits = rest.dropFirst()
        guard digits.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
        if digits.isEmpty { return 0 }
        return Double("0." + String(decoding: digits, as: UTF8.self))
    }

    /// The same in microseconds, rounded to even.
    func microseconds() -> Int64? {
        fraction().map { Int64(($0 * 1_000_000).rounded(.toNearestOrEven)) }
    }
}
