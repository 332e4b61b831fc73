/// A declaration as far as the tidy rules need to know it.
struct Declaration: Sendable {
    enum Kind: Sendable { case type, proto, conformance, plainExtension, function, variable }

    var kind: Kind
    /// What follows the keyword up to the body: `== (left: Self, right: Self) -> Bool`.
    var header: String
    let isPackage: Bool
    /// Of the innermost declaration around this one; nil at file level.
    let enclosing: Kind?
    /// One-based, of the keyword and of the closing brace.
    let line: Int
    var lastLine: Int
}

/// Finds declarations and the extent of their bodies in blanked code by matching brackets: no
/// parser, but right for code that the compiler accepts and the formatter has laid out.
struct DeclarationScanner {
    private enum Frame {
        case bracket
        /// A brace, and which declaration it is the body of.
        case brace(declaration: Int?)
    }

    private let code: [UInt8]
    private var position = 0
    private var line = 1
    private var frames: [Frame] = []
    private var found: [Declaration] = []
    /// The declaration whose body has not begun, its bracket depth and where its header starts.
    private var pending: (declaration: Int, depth: Int, start: Int)?
    private var wordsOfLine: [String] = []

    static func declarations(in blanked: String) -> [Declaration] {
        var scanner = DeclarationScanner(code: Array(blanked.utf8))
        while scanner.position < scanner.code.count { scanner.step() }
        return scanner.found
    }

    private init(code: [UInt8]) { self.code = code }

    private mutating func step() {
        let byte = code[position]
        switch byte {
        case UInt8(ascii: "\n"): endLine()
        case UInt8(ascii: "("), UInt8(ascii: "["): frames.append(.bracket)
        case UInt8(ascii: ")"), UInt8(ascii: "]"): if !frames.isEmpty { frames.removeLast() }
        case UInt8(ascii: "{"): openBrace()
        case UInt8(ascii: "}"): closeBrace()
        case UInt8(ascii: "="): dropPendingVariable()
        case UInt8(ascii: "`"): skipBackticks()
        default:
            if isWord(byte) { return readWord() }
        }
        position += 1
    }

    private mutating func endLine() {
        line += 1
        wordsOfLine.removeAll(keepingCapacity: true)
        dropPendingVariable()
    }

    /// A property without a brace on its own line, or with an initial value, has no body.
    private mutating func dropPendingVariable() {
        guard let waiting = pending, waiting.depth == frames.count,
            found[waiting.declaration].kind == .variable
        else { return }
        pending = nil
    }

    private mutating func skipBackticks() {
        position += 1
        while position < code.count, code[position] != UInt8(ascii: "`") { position += 1 }
    }

    private mutating func openBrace() {
        guard let waiting = pending, waiting.depth == frames.count else {
            return frames.append(.brace(declaration: nil))
        }
        let header = String(decoding: code[waiting.start..<position], as: UTF8.self)
        found[waiting.declaration].header = header
        if found[waiting.declaration].kind == .plainExtension,
            (header.split(separator: " where ").first ?? "").contains(":")
        {
            found[waiting.declaration].kind = .conformance
        }
        frames.append(.brace(declaration: waiting.declaration))
        pending = nil
    }

    private mutating func closeBrace() {
        guard let frame = frames.popLast(), case .brace(let declaration?) = frame else { return }
        found[declaration].lastLine = line
    }

    private mutating func readWord() {
        let start = position
        while position < code.count, isWord(code[position]) { position += 1 }
        let word = String(decoding: code[start..<position], as: UTF8.self)
        defer { wordsOfLine.append(word) }
        if start > 0, code[start - 1] == UInt8(ascii: ".") { return }
        if case .bracket? = frames.last { return }
        guard let kind = kind(of: word) else { return }
        let enclosing = innermostKind
        found.append(
            Declaration(
                kind: kind, header: "", isPackage: wordsOfLine.contains("package"),
                enclosing: enclosing, line: line, lastLine: line))
        // A protocol's requirements have no bodies.
        pending = enclosing == .proto ? nil : (found.count - 1, frames.count, position)
    }

    private var innermostKind: Declaration.Kind? {
        for frame in frames.reversed() {
            if case .brace(let declaration?) = frame { return found[declaration].kind }
        }
        return nil
    }

    /// What a word declares here; nil if it is no keyword, or a label or call spelled like one.
    private func kind(of word: String) -> Declaration.Kind? {
        let next = code[position...].first { $0 != UInt8(ascii: " ") }
        guard next != UInt8(ascii: ":") else { return nil }
        switch word {
        case "struct", "enum", "actor": return .type
        case "class": return followed(by: ["func", "var", "subscript"]) ? nil : .type
        case "protocol": return .proto
        case "extension": return .plainExtension
        case "func", "deinit", "subscript": return .function
        case "init": return next.map { "(?!<".utf8.contains($0) } == true ? .function : nil
        case "var": return .variable
        default: return nil
        }
    }

    private func followed(by words: [String]) -> Bool {
        let rest = String(decoding: code[position...].prefix(16), as: UTF8.self)
        return words.contains { rest.hasPrefix(" \($0) ") }
    }

    private func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }
}
