import Testing

/// Words that hide a fault, a debt or a second idea.
@Suite struct BannedWordsTests {
    /// In code, comments and string literals apart; each must begin as a word of its own.
    static let everywhere = [
        ("try!", "handle or propagate the error"),
        ("as!", "use a conditional cast and trap with values"),
        ("@testable", "test what the module offers as package"),
        ("@preconcurrency", "make the type Sendable or isolate it"),
        ("Thread.sleep", "wait for a condition"),
        ("usleep(", "wait for a condition"),
    ]

    /// As above, in the libraries and programs only.
    static let inSources = [
        ("public ", "package is the widest access")
    ]

    static let inLibraries = [
        ("print(", "write to the Log that was passed in")
    ]

    @Test func codeHasNoBannedWord() {
        for file in SourceTree.sources + SourceTree.tests {
            expectNone(Self.uses(of: Self.everywhere, in: file))
        }
        for file in SourceTree.sources {
            expectNone(Self.uses(of: Self.inSources, in: file))
            if !SourceTree.executables.contains(file.module) {
                expectNone(Self.uses(of: Self.inLibraries, in: file))
            }
        }
    }

    @Test func debtsCarryTheirIssue() {
        // This folder spells the words out to forbid them.
        for file in SourceTree.sources + SourceTree.tests where file.module != "TidyTests" {
            expectNone(Self.debts(in: file))
        }
    }

    @Test func filesAreNamedForWhatTheyHold() {
        expectNone(
            (SourceTree.sources + SourceTree.tests).compactMap { file in
                Self.emptyWord(in: file.baseName).map {
                    Violation(path: file.path, line: 1, reason: "\($0) says nothing about the file")
                }
            })
    }

    @Test func wordsAreFoundInCodeOnly() {
        let file = SourceFile(
            path: "Sources/Types/Sample.swift",
            text: """
                let a = try! f()  // try! here is prose
                let b = "try! and \\(g() as! Int)"
                entry! += 1
                sprint(b)
                """)
        let found = Self.uses(of: Self.everywhere + Self.inLibraries, in: file)
        #expect(found.map(\.line) == [1, 2])
    }

    @Test func aDebtWithItsNumberPasses() {
        let file = SourceFile(
            path: "Sources/Types/Sample.swift",
            text: """
                // TODO(#12): spill
                // TODO: spill
                // FIXME(#12)
                fatalError("TODO #3")
                """)
        #expect(Self.debts(in: file).map(\.line) == [2, 3, 4])
    }

    @Test(arguments: [
        ("StringUtils", true), ("SessionManager", true), ("Common", true), ("KafkaCommon", true),
        ("CommonTableExpression", false), ("Batch+Sorting", false), ("Batch+Helpers", true),
    ])
    func emptyWordsAreWholeWords(name: String, isEmpty: Bool) {
        #expect((Self.emptyWord(in: name) != nil) == isEmpty)
    }

    // MARK: - Rules

    private static func uses(of words: [(String, String)], in file: SourceFile) -> [Violation] {
        file.code.enumerated().flatMap { index, line in
            words.filter { occurs($0.0, in: line) }.map { word, remedy in
                Violation(
                    path: file.path, line: index + 1,
                    reason: "\(word.trimmingSuffix(" (")) is banned: \(remedy)")
            }
        }
    }

    /// Whether a line has the word where no identifier, member access or case name precedes it.
    private static func occurs(_ word: String, in line: String) -> Bool {
        var rest = line[...]
        while let range = rest.firstRange(of: word) {
            let before = line[..<range.lowerBound].last
            let isDeclared = line[..<range.lowerBound].hasSuffix("func ")
            let continues = before.map { $0.isLetter || $0.isNumber || "_.`".contains($0) } ?? false
            if !continues && !isDeclared { return true }
            rest = rest[range.upperBound...]
        }
        return false
    }

    private static func debts(in file: SourceFile) -> [Violation] {
        file.lines.enumerated().compactMap { index, line in
            func violation(_ reason: String) -> Violation {
                Violation(path: file.path, line: index + 1, reason: reason)
            }
            if line.contains("fatalError(\"TODO") { return violation("a trap is no plan") }
            if occurs("FIXME", in: line) { return violation("a FIXME does not merge") }
            guard occurs("TODO", in: line), let range = line.firstRange(of: "TODO") else {
                return nil
            }
            let after = line[range.upperBound...].drop { "(: ".contains($0) }
            let isNumbered = after.first == "#" && after.dropFirst().first?.isNumber == true
            return isNumbered ? nil : violation("a TODO carries its issue's number: TODO(#12)")
        }
    }

    /// A word of the camel-case name that fits any file, such as Utils.
    private static func emptyWord(in name: String) -> String? {
        var words: [String] = []
        for character in name {
            if character.isUppercase || words.isEmpty || !character.isLetter { words.append("") }
            words[words.count - 1].append(character)
        }
        let empty: Set = [
            "Util", "Utils", "Utility", "Utilities", "Helper", "Helpers", "Misc", "Manager",
        ]
        // Common is a word of SQL too: common table expressions.
        return words.first { empty.contains($0) }
            ?? words.last.flatMap { $0 == "Common" ? $0 : nil }
    }
}

extension String {
    /// Without the given characters at its end.
    fileprivate func trimmingSuffix(_ characters: String) -> Substring {
        var rest = self[...]
        while let last = rest.last, characters.contains(last) { rest.removeLast() }
        return rest
    }
}
