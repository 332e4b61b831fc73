import Testing

/// Nothing lies about: every file holds something and belongs to a target.
@Suite struct DeadFilesTests {
    /// Two files of one name in a module do not build, whatever their folders; this names both.
    @Test func baseNamesAreUniqueWithinAModule() {
        var violations: [Violation] = []
        var seen: [String: String] = [:]
        for file in SourceTree.sources + SourceTree.tests {
            let key = "\(file.module)/\(file.baseName.lowercased())"
            if let twin = seen[key] {
                violations.append(
                    Violation(path: file.path, line: 1, reason: "twin of \(twin)"))
            }
            seen[key] = file.path
        }
        expectNone(violations)
    }

    @Test func swiftFilesHoldCode() {
        expectNone(
            (SourceTree.sources + SourceTree.tests).compactMap { file in
                let isEmpty = file.code.allSatisfy { $0.allSatisfy(\.isWhitespace) }
                return isEmpty ? Violation(path: file.path, line: 1, reason: "no code") : nil
            })
    }

    @Test(arguments: ["Sources", "Tests", "bench", "docs", "sqllogictest"])
    func textFilesHoldText(folder: String) {
        let extensions = [".c", ".cpp", ".h", ".modulemap", ".md", ".slt", ".plan", ".py", ".sh"]
        expectNone(
            SourceTree.paths(below: folder).filter { path in
                extensions.contains { path.hasSuffix($0) }
            }.compactMap { path in
                guard let text = try? SourceTree.text(of: path), text.allSatisfy(\.isWhitespace)
                else { return nil }
                return Violation(path: path, line: 1, reason: "empty file")
            })
    }

    /// A folder that the manifest does not name is never compiled.
    @Test func everyFolderIsATarget() throws {
        let manifest = try SourceTree.text(of: "Package.swift")
            .split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }
            .joined(separator: "\n")
        for folder in ["Sources", "Tests"] {
            var targets: Set<String> = []
            for path in SourceTree.paths(below: folder) where path.hasSuffix(".swift") {
                let parts = path.split(separator: "/")
                if parts.count > 2 { targets.insert(String(parts[1])) }
            }
            expectNone(
                targets.sorted().filter { !manifest.contains("\"\($0)\"") }.map { target in
                    Violation(
                        path: "\(folder)/\(target)", line: 1, reason: "not in Package.swift")
                })
        }
    }
}
