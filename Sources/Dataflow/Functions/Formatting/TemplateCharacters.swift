import Types

/// The characters of a template that are no patterns, and those of the texts read by it.
enum TemplateCharacters {
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")

    static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }

    /// Visible ASCII that is neither letter nor digit.
    static func isSeparator(_ byte: UInt8) -> Bool {
        let letter = byte | 32
        return byte > 32 && byte < 127 && !(letter >= 97 && letter <= 122) && !isDigit(byte)
    }

    /// The bytes of the UTF-8 character that begins with a byte.
    static func length(ofCharacterAt lead: UInt8) -> Int {
        if lead < 0xC0 { return 1 }
        if lead < 0xE0 { return 2 }
        return lead < 0xF0 ? 3 : 4
    }

    /// The character at a place of a text.
    static func character(_ text: [UInt8], at index: Int) -> [UInt8] {
        Array(text[index..<min(text.count, index + length(ofCharacterAt: text[index]))])
    }

    /// Takes what is no pattern off a template: a character, or all of a quoted text. In quotes a
    /// backslash makes the next character a plain one, outside only a double quote.
    static func takeLiteral(
        _ format: [UInt8], _ index: inout Int,
        _ emit: (_ character: [UInt8], _ isQuoted: Bool) -> Void
    ) {
        guard format[index] == quote else {
            if format[index] == backslash, index + 1 < format.count, format[index + 1] == quote {
                index += 1
            }
            let bytes = character(format, at: index)
            index += bytes.count
            return emit(bytes, false)
        }
        index += 1
        while index < format.count {
            if format[index] == quote {
                index += 1
                return
            }
            if format[index] == backslash, index + 1 < format.count { index += 1 }
            let bytes = character(format, at: index)
            index += bytes.count
            emit(bytes, true)
        }
    }
}
