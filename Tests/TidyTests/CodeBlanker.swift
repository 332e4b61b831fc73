/// Blanks what is not code: comments and the insides of string literals become spaces, byte for
/// byte, so that line numbers and columns stay. Interpolated expressions remain code.
///
/// Regex literals are not recognised; a quote in one disturbs the rest of its line only.
struct CodeBlanker {
    private enum Mode {
        /// Code; `parentheses` counts the open ones of an interpolation, 0 at file level.
        case code(parentheses: Int)
        case text(hashes: Int, multiline: Bool)
    }

    private let input: [UInt8]
    private var output: [UInt8] = []
    private var position = 0
    private var modes: [Mode] = [.code(parentheses: 0)]

    static func blank(_ text: String) -> String {
        var blanker = CodeBlanker(input: Array(text.utf8))
        while blanker.position < blanker.input.count {
            switch blanker.modes.last ?? .code(parentheses: 0) {
            case .code(let parentheses): blanker.stepCode(parentheses)
            case .text(let hashes, let multiline): blanker.stepText(hashes, multiline)
            }
        }
        return String(decoding: blanker.output, as: UTF8.self)
    }

    private init(input: [UInt8]) {
        self.input = input
        output.reserveCapacity(input.count)
    }

    private mutating func stepCode(_ parentheses: Int) {
        if starts(with: "//") {
            while position < input.count, input[position] != UInt8(ascii: "\n") { blankOne() }
        } else if starts(with: "/*") {
            blankBlockComment()
        } else if openText() {
            return
        } else {
            let byte = input[position]
            copyOne()
            guard parentheses > 0 else { return }
            if byte == UInt8(ascii: "(") {
                modes[modes.count - 1] = .code(parentheses: parentheses + 1)
            } else if byte == UInt8(ascii: ")") {
                if parentheses == 1 {
                    modes.removeLast()
                } else {
                    modes[modes.count - 1] = .code(parentheses: parentheses - 1)
                }
            }
        }
    }

    /// Consumes the opening delimiter of a string literal, if one starts here.
    private mutating func openText() -> Bool {
        var hashes = 0
        while byte(at: position + hashes) == UInt8(ascii: "#") { hashes += 1 }
        guard byte(at: position + hashes) == UInt8(ascii: "\"") else { return false }
        for _ in 0..<hashes { copyOne() }
        let multiline = starts(with: "\"\"\"")
        for _ in 0..<(multiline ? 3 : 1) { copyOne() }
        modes.append(.text(hashes: hashes, multiline: multiline))
        return true
    }

    private mutating func stepText(_ hashes: Int, _ multiline: Bool) {
        let pounds = String(repeating: "#", count: hashes)
        if starts(with: (multiline ? "\"\"\"" : "\"") + pounds) {
            for _ in 0..<((multiline ? 3 : 1) + hashes) { copyOne() }
            modes.removeLast()
        } else if starts(with: "\\" + pounds + "(") {
            for _ in 0...hashes { blankOne() }
            copyOne()
            modes.append(.code(parentheses: 1))
        } else if starts(with: "\\" + pounds) {
            for _ in 0...hashes { blankOne() }
            if position < input.count { blankOne() }
        } else {
            let endsLine = input[position] == UInt8(ascii: "\n")
            blankOne()
            if endsLine, !multiline { modes.removeLast() }
        }
    }

    private mutating func blankBlockComment() {
        var depth = 0
        repeat {
            if starts(with: "/*") {
                depth += 1
                blankOne()
            } else if starts(with: "*/") {
                depth -= 1
                blankOne()
            }
            blankOne()
        } while depth > 0 && position < input.count
    }

    private func byte(at index: Int) -> UInt8? { index < input.count ? input[index] : nil }

    private func starts(with text: String) -> Bool {
        var index = position
        for expected in text.utf8 {
            guard byte(at: index) == expected else { return false }
            index += 1
        }
        return true
    }

    private mutating func copyOne() {
        output.append(input[position])
        position += 1
    }

    private mutating func blankOne() {
        let isNewline = input[position] == UInt8(ascii: "\n")
        output.append(isNewline ? UInt8(ascii: "\n") : UInt8(ascii: " "))
        position += 1
    }
}
