import Testing

/// `package` is our public: what other modules see says what it is.
@Suite struct DocCommentsTests {
    /// The least share of documented members in each module.
    static let documentedMembers = 0.6

    @Test func typesAndFreeFunctionsHaveDocComments() {
        expectNone(
            SourceTree.sources.flatMap { file in
                file.declarations.filter { Self.mustBeDocumented($0) }
                    .filter { !Self.isDocumented($0, in: file) }
                    .map { declaration in
                        Violation(
                            path: file.path, line: declaration.line,
                            reason: "no /// comment before this package declaration")
                    }
            })
    }

    @Test func mostMembersHaveDocComments() {
        for (module, files) in Dictionary(grouping: SourceTree.sources, by: \.module) {
            let members = files.flatMap { file in
                file.declarations.filter(Self.isCountedMember).map { (file, $0) }
            }
            let bare = members.filter { file, member in !Self.isDocumented(member, in: file) }
            let share = 1 - Double(bare.count) / Double(max(members.count, 1))
            let places = bare.map { file, member in "\(file.path):\(member.line)" }
            #expect(
                share >= Self.documentedMembers,
                """
                \(module): \(members.count - bare.count) of \(members.count) members documented, \
                missing at
                \(places.joined(separator: "\n"))
                """)
        }
    }

    @Test func attributesMayStandBetweenCommentAndDeclaration() {
        let file = SourceFile(
            path: "Sources/Types/Sample.swift",
            text: """
                /// A sample.
                @frozen
                package struct Sample: Hashable {
                    package init() {}
                    package init?(text: String) { nil }
                    /// Counts.
                    package func count() -> Int { 1 }
                    package static func + (left: Sample, right: Sample) -> Sample { left }
                }
                extension Sample: Comparable {
                    package static func < (left: Sample, right: Sample) -> Bool { false }
                }
                package func free() {}
                """)
        let musts = file.declarations.filter(Self.mustBeDocumented)
        #expect(musts.map { Self.isDocumented($0, in: file) } == [true, false])
        let members = file.declarations.filter(Self.isCountedMember)
        #expect(members.map { Self.isDocumented($0, in: file) } == [false, true])
    }

    // MARK: - Rules

    private static func mustBeDocumented(_ declaration: Declaration) -> Bool {
        guard declaration.isPackage else { return false }
        return switch declaration.kind {
        case .type, .proto: true
        case .function: declaration.enclosing == nil
        case .variable, .conformance, .plainExtension: false
        }
    }

    /// Functions within types, and initializers that can fail. Not counted: what carries out a
    /// protocol and is documented there, and initializers that only fill in the properties.
    private static func isCountedMember(_ declaration: Declaration) -> Bool {
        guard declaration.isPackage, declaration.kind == .function,
            declaration.enclosing == .type || declaration.enclosing == .plainExtension
        else { return false }
        // `init` and `subscript` are followed by their parameters, `func` by a space and a name.
        let header = declaration.header
        guard header.hasPrefix(" ") else {
            return header.hasPrefix("?") || header.contains("throws")
        }
        let name = header.drop { $0 == " " }
        let isOperator = name.first.map { !$0.isLetter && !"_`".contains($0) } ?? true
        return !isOperator
            && ![
                "hash(into", "encode(to", "next()", "receive(_ chunk", "finish(out", "capture()",
                "restore(_ rows",
            ].contains { name.hasPrefix($0) }
    }

    private static func isDocumented(_ declaration: Declaration, in file: SourceFile) -> Bool {
        var index = declaration.line - 2
        while index >= 0 {
            let line = file.lines[index].drop { $0 == " " }
            if line.hasPrefix("///") || line.hasSuffix("*/") { return true }
            guard line.hasPrefix("@") else { return false }
            index -= 1
        }
        return false
    }
}
