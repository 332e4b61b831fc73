import Testing

/// Every arrow points down: a module imports what stands in its row and nothing else.
@Suite struct ImportTableTests {
    /// What each folder of `Sources` may import besides Synchronization.
    static let table: [String: Set<String>] = [
        // Floors
        "Types": ["CPure", "CGmp", "Glibc"],
        "Platform": ["CLinux", "CZstd", "CLz4", "CSnappy", "CZlib", "Glibc"],
        // Memory, engine, language; CPure is pure inline functions and no way to the world
        "State": ["Types", "Platform", "CSQLite", "CPure"],
        "Dataflow": ["State", "Types", "CRe2", "CPcre2", "CCrypto", "CPure", "Glibc"],
        "Planner": ["Dataflow", "Types"],
        // Edges
        "Wire": ["Types", "Platform"],
        "Connectors": ["Wire", "State", "Types", "Platform", "CSimdjson", "CPure"],
        // Conductor and programs
        "Server": ["Types", "Platform", "State", "Dataflow", "Planner", "Wire", "Connectors"],
        "streamhouse": ["Server", "Platform", "Types", "Connectors", "Glibc"],
        "LogicTest": ["CPq", "Glibc"],
    ]

    /// Programs that may import anything.
    static let unlimited: Set = ["Micro"]

    @Test func theTreeIsFound() {
        #expect(SourceTree.sources.contains { $0.module == "Types" })
    }

    @Test func modulesImportOnlyWhatTheTableAllows() {
        var violations: [Violation] = []
        for file in SourceTree.sources where !Self.unlimited.contains(file.module) {
            guard let allowed = Self.table[file.module] else {
                violations.append(
                    Violation(
                        path: file.path, line: 1, reason: "\(file.module) has no import table row"))
                continue
            }
            for (line, name) in Self.imports(of: file)
            where name != "Synchronization" && !allowed.contains(name) {
                violations.append(
                    Violation(
                        path: file.path, line: line,
                        reason: "\(file.module) must not import \(name)"))
            }
        }
        expectNone(violations)
    }

    /// Transcendental functions need libm; one file wraps them so that nothing else slips in.
    @Test func onlyOneDataflowFileImportsGlibc() {
        let importers = SourceTree.sources.filter { $0.module == "Dataflow" }.compactMap { file in
            Self.imports(of: file).first { $0.name == "Glibc" }.map { (file.path, $0.line) }
        }
        expectNone(
            importers.dropFirst().map { path, line in
                Violation(path: path, line: line, reason: "\(importers[0].0) imports Glibc already")
            })
    }

    @Test func everyFormOfImportIsSeen() {
        let file = SourceFile(
            path: "Sources/Types/Sample.swift",
            text: """
                package import Types
                @_exported import struct Foundation.URL
                // import Wire
                let text = "import State"
                """)
        #expect(Self.imports(of: file).map(\.name) == ["Types", "Foundation"])
        #expect(Self.imports(of: file).map(\.line) == [1, 2])
    }

    /// Line and module of each import declaration.
    private static func imports(of file: SourceFile) -> [(line: Int, name: String)] {
        file.code.enumerated().compactMap { index, line in
            let words = line.split(separator: " ")
            guard let keyword = words.firstIndex(of: "import"), keyword + 1 < words.count,
                words[..<keyword].allSatisfy({ $0.hasPrefix("@") || accessWords.contains($0) })
            else { return nil }
            let kinds: Set<Substring> = [
                "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
            ]
            let rest = words[(keyword + 1)...].drop { kinds.contains($0) }
            guard let path = rest.first, let module = path.split(separator: ".").first else {
                return nil
            }
            return (index + 1, String(module))
        }
    }

    private static let accessWords: Set<Substring> = [
        "package", "internal", "private", "fileprivate", "public",
    ]
}
