import Testing

/// A file or function past its limit holds a second idea.
@Suite struct FileAndFunctionSizeTests {
    static let fileLimit = 1_000
    static let functionLimit = 70

    /// Generated tables, by path; each with its generator's name in its header.
    static let generated: Set<String> = []

    @Test func filesStayBelowTheLimit() {
        expectNone(
            (SourceTree.sources + SourceTree.tests).compactMap { file in
                let count = file.lines.count - (file.lines.last == "" ? 1 : 0)
                guard count > Self.fileLimit, !Self.generated.contains(file.path) else {
                    return nil
                }
                return Violation(
                    path: file.path, line: Self.fileLimit + 1,
                    reason: "\(count) lines, \(Self.fileLimit) allowed")
            })
    }

    @Test func functionsStayBelowTheLimit() {
        expectNone((SourceTree.sources + SourceTree.tests).flatMap(Self.longFunctions))
    }

    @Test func aSwitchOfOneLineArmsMayBeLong() {
        let arms = (0..<200).map { "    case \($0): return \($0)" }
        let table =
            "func f(x: Int) -> Int {\n    switch x {\n\(arms.joined(separator: "\n"))\n"
            + "    default:\n        return -1\n    }\n}\n"
        #expect(Self.longFunctions(in: SourceFile(path: "a", text: table)).isEmpty)
        let statements = String(repeating: "    g()\n", count: 80)
        let long = "let a = 1\nfunc f() {\n\(statements)}\n"
        let violations = Self.longFunctions(in: SourceFile(path: "a", text: long))
        #expect(violations.map(\.line) == [2])
    }

    /// Functions, initializers and computed properties whose lines, one-line arms of their largest
    /// switch apart, exceed the limit.
    private static func longFunctions(in file: SourceFile) -> [Violation] {
        guard !generated.contains(file.path) else { return [] }
        return file.declarations.compactMap { declaration in
            guard declaration.kind == .function || declaration.kind == .variable else { return nil }
            var count = declaration.lastLine - declaration.line + 1
            guard count > functionLimit else { return nil }
            let body = file.code[(declaration.line - 1)..<declaration.lastLine]
            count -= OneLineArms.largestSwitch(in: body)
            guard count > functionLimit else { return nil }
            return Violation(
                path: file.path, line: declaration.line,
                reason: "function of \(count) lines, \(functionLimit) allowed")
        }
    }
}

/// Counts the lines of those arms of a switch that have at most one line besides their label.
private struct OneLineArms {
    /// A pair of braces, and the arm open in it if it is a switch.
    private struct Block {
        var lines = 0
        var armLines = 0
        var armCodeLines = 0
        var isInArm = false

        mutating func closeArm() {
            if isInArm, armCodeLines <= 2 { lines += armLines }
            (armLines, armCodeLines, isInArm) = (0, 0, false)
        }
    }

    private var blocks = [Block()]
    private var largest = 0

    /// Of the switch with most such lines.
    static func largestSwitch(in code: ArraySlice<String>) -> Int {
        var counter = OneLineArms()
        for line in code { counter.add(line.drop { $0 == " " }) }
        return counter.largest
    }

    private mutating func add(_ line: Substring) {
        let (closed, opened) = unmatchedBraces(line)
        for _ in 0..<min(closed, blocks.count - 1) {
            var block = blocks.removeLast()
            block.closeArm()
            largest = max(largest, block.lines)
        }
        let labels = ["case ", "default:", "@unknown default"]
        let isLabel = labels.contains { line.hasPrefix($0) }
        if isLabel {
            blocks[blocks.count - 1].closeArm()
            blocks[blocks.count - 1].isInArm = true
        }
        // A label wrapped after a comma is one label still.
        let counts = !line.isEmpty && !(isLabel && line.hasSuffix(","))
        for index in blocks.indices where blocks[index].isInArm {
            blocks[index].armLines += 1
            blocks[index].armCodeLines += counts ? 1 : 0
        }
        for _ in 0..<opened { blocks.append(Block()) }
    }

    /// Closing and opening braces that have no partner on their line.
    private func unmatchedBraces(_ line: Substring) -> (closed: Int, opened: Int) {
        var (closed, opened) = (0, 0)
        for byte in line.utf8 {
            if byte == UInt8(ascii: "{") {
                opened += 1
            } else if byte == UInt8(ascii: "}") {
                if opened > 0 { opened -= 1 } else { closed += 1 }
            }
        }
        return (closed, opened)
    }
}
