import Foundation
import Testing

/// The repository's Swift files, read once for all tidy tests.
enum SourceTree {
    /// The folder of the manifest, three levels above this file.
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Everything that ships: `Sources/<module>/…`.
    static let sources = swiftFiles(below: "Sources")

    /// Tests and benchmarks: `Tests/<target>/…` and `bench/<target>/…`.
    static let tests = swiftFiles(below: "Tests") + swiftFiles(below: "bench")

    /// Programs; every other folder of `Sources` is a library.
    static let executables: Set = ["streamhouse", "LogicTest", "Micro"]

    /// Paths relative to the root of all files below a folder, sorted; none if there is no folder.
    static func paths(below folder: String) -> [String] {
        let found = try? FileManager.default.subpathsOfDirectory(
            atPath: root.appending(path: folder).path)
        return (found ?? []).filter { !$0.hasPrefix(".") && !$0.contains("/.") }
            .map { "\(folder)/\($0)" }.sorted()
    }

    static func text(of path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    private static func swiftFiles(below folder: String) -> [SourceFile] {
        paths(below: folder).filter { $0.hasSuffix(".swift") }.compactMap { path in
            (try? text(of: path)).map { SourceFile(path: path, text: $0) }
        }
    }
}

/// One Swift file as lines, once as written and once as code only.
struct SourceFile: Sendable {
    /// Relative to the root: `Sources/Types/Scalars/Numeric.swift`.
    let path: String
    let lines: [String]
    /// As many lines as `lines`; comments and the insides of string literals are spaces.
    let code: [String]
    let declarations: [Declaration]

    init(path: String, text: String) {
        self.path = path
        let blanked = CodeBlanker.blank(text)
        lines = text.components(separatedBy: "\n")
        code = blanked.components(separatedBy: "\n")
        declarations = DeclarationScanner.declarations(in: blanked)
    }

    /// The folder below `Sources` or `Tests`, which is the module's name.
    var module: String {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : ""
    }

    /// `Numeric+Conversion` of `…/Numeric+Conversion.swift`.
    var baseName: String {
        String((path.split(separator: "/").last ?? "").dropLast(".swift".count))
    }
}

/// A broken rule and where; prints as `path:line: reason`.
struct Violation: CustomStringConvertible {
    let path: String
    /// One-based.
    let line: Int
    let reason: String

    var description: String { "\(path):\(line): \(reason)" }
}

/// One test issue for each violation.
func expectNone(_ violations: [Violation]) {
    for violation in violations { Issue.record("\(violation)") }
}
