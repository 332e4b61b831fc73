import Glibc

/// The runner of `sqllogictest/`: prints what fails and, last, `N passed, N failed`.
///
/// Exit code 0 when all passed, 1 when something failed, 2 for a wrong command line or file.
@main
struct LogicTest {
    static func main() {
        do throws(UsageError) {
            let options = try Options(CommandLine.arguments.dropFirst())
            let files = try parsedFiles(options.paths)
            var report = Report()
            print("seed \(options.seed)")
            for mode in options.modes { run(files, mode, options, &report) }
            print(report.summary)
            exit(report.failed == 0 ? 0 : 1)
        } catch {
            print("LogicTest: \(error.reason)")
            exit(2)
        }
    }

    /// - Throws: for a file that cannot be read or parsed, and for two of one name: the names of
    ///   the relations of both would clash.
    private static func parsedFiles(_ paths: [String]) throws(UsageError) -> [TestFile] {
        var files: [TestFile] = []
        var seen: [String: String] = [:]
        for path in paths.flatMap(Disk.testFiles) {
            guard let bytes = Disk.bytes(of: path) else {
                throw UsageError(reason: "cannot read \(path): \(Disk.lastError)")
            }
            do throws(TestFileError) {
                files.append(try TestFile(path: path, bytes: bytes))
            } catch {
                throw UsageError(reason: "\(error.path):\(error.line): \(error.reason)")
            }
        }
        for file in files {
            if let other = seen.updateValue(file.path, forKey: file.name) {
                throw UsageError(reason: "\(other) and \(file.path) have one name")
            }
        }
        if files.isEmpty { throw UsageError(reason: "no .slt files") }
        return files
    }

    private static func run(
        _ files: [TestFile], _ mode: Mode, _ options: Options, _ report: inout Report
    ) {
        switch options.server {
        case .conninfo(let conninfo), .postgres(let conninfo):
            let isPostgres = if case .postgres = options.server { true } else { false }
            let endpoint = Endpoint(
                conninfo: { conninfo }, restart: nil, isPostgres: isPostgres,
                timeoutSeconds: options.timeoutSeconds)
            run(files, mode, options, endpoint, &report)
        case .binary(let binary):
            // A server that is started again has the relations of one file to take up.
            let parts = mode == .restart ? files.map { [$0] } : [files]
            for part in parts { runOnServer(binary, part, mode, options, &report) }
        }
    }

    private static func runOnServer(
        _ binary: String, _ files: [TestFile], _ mode: Mode, _ options: Options,
        _ report: inout Report
    ) {
        let place = "\(binary) [\(mode.rawValue)]"
        do throws(ServerError) {
            let server = try ServerProcess(binary: binary)
            let endpoint = Endpoint(
                conninfo: { server.conninfo },
                restart: { () throws(ServerError) in try server.killAndRestart() },
                isPostgres: false, timeoutSeconds: options.timeoutSeconds)
            run(files, mode, options, endpoint, &report)
            if let problem = server.stop() {
                report.fail(place, sql: "", Problem(summary: problem))
            }
        } catch {
            let count = files.reduce(0) { $0 + $1.records.count }
            report.failRest(place, count: max(count, 1), reason: error.reason)
        }
    }

    private static func run(
        _ files: [TestFile], _ mode: Mode, _ options: Options, _ endpoint: Endpoint,
        _ report: inout Report
    ) {
        for file in files {
            var runner = Runner(file, mode: mode, endpoint: endpoint, seed: options.seed)
            runner.run(&report)
        }
    }
}
