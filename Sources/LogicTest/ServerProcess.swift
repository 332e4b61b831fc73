import Glibc

/// The server could not be started.
struct ServerError: Error {
    let reason: String
}

/// A streamhouse process with a data directory of its own, both gone after `stop`.
final class ServerProcess {
    /// Where it listens; another place after `killAndRestart`.
    private(set) var conninfo: String
    private var id: pid_t
    /// Our end of its standard output; closed by it when it ends.
    private var output: Int32
    private let binary: String
    private let directory: String

    private static let startSeconds = 60
    private static let stopSeconds = 60
    /// What it inherits; its settings, `STREAMHOUSE_*`, are not among them.
    private static let inheritedVariables = [
        "PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "TSAN_OPTIONS",
        "SWIFT_BACKTRACE",
    ]

    /// Starts it on free ports and waits for its `ready` line.
    init(binary: String) throws(ServerError) {
        guard let directory = Disk.makeTemporaryDirectory() else {
            throw ServerError(reason: "cannot make a temporary directory: \(Disk.lastError)")
        }
        do throws(ServerError) {
            (id, output, conninfo) = try ServerProcess.start(binary, in: directory)
        } catch {
            Disk.removeTree(directory)
            throw error
        }
        self.binary = binary
        self.directory = directory
    }

    /// Ends it as a pulled plug would, and starts another one over what it has left.
    func killAndRestart() throws(ServerError) {
        _ = ServerProcess.end(id, output, SIGKILL)
        (id, output, conninfo) = try ServerProcess.start(binary, in: directory)
    }

    /// - Returns: the process, our end of its output, and where it listens.
    private static func start(_ binary: String, in directory: String) throws(ServerError) -> (
        pid_t, Int32, String
    ) {
        let (id, output) = try spawn(binary, in: directory)
        let line = readLine(output, Deadline(seconds: startSeconds))
        guard let line, let (host, port) = address(in: line) else {
            _ = end(id, output, SIGKILL)
            let log = Disk.lastLines("\(directory)/log", count: 20)
            throw ServerError(
                reason: "no ready line, but \(line ?? "nothing"); its log ends with\n\(log)")
        }
        let conninfo =
            "host=\(host) port=\(port) user=streamhouse dbname=streamhouse client_encoding=UTF8 "
            + "connect_timeout=10"
        return (id, output, conninfo)
    }

    /// Asks it to end, then makes it.
    /// - Returns: what was wrong with its end, with the end of its log; nil when it was clean.
    func stop() -> String? {
        let problem = ServerProcess.end(id, output, SIGTERM)
        let log = problem == nil ? "" : Disk.lastLines("\(directory)/log", count: 40)
        Disk.removeTree(directory)
        return problem.map { "\($0); its log ends with\n\(log)" }
    }

    // MARK: - Start

    private static func spawn(
        _ binary: String, in directory: String
    ) throws(ServerError) -> (pid_t, Int32) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else {
            throw ServerError(reason: "cannot make a pipe: \(Disk.lastError)")
        }
        let arguments = [
            binary, "serve", "--data-dir", "\(directory)/data", "--pg-port", "0",
            "--kafka-port", "0", "--http-port", "0",
        ]
        let variables = inheritedVariables.compactMap { name in
            unsafe getenv(name).map { value in unsafe "\(name)=\(String(cString: value))" }
        }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        unsafe posix_spawn_file_actions_addopen(
            &actions, 2, "\(directory)/log", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        unsafe posix_spawn_file_actions_addclose(&actions, ends[0])
        unsafe posix_spawn_file_actions_addclose(&actions, ends[1])
        var id: pid_t = 0
        let code = unsafe withCStrings(arguments) { argv in
            unsafe withCStrings(variables) { envp in
                unsafe posix_spawn(&id, binary, &actions, nil, argv, envp)
            }
        }
        close(ends[1])
        guard code == 0 else {
            close(ends[0])
            Disk.removeTree(directory)
            throw ServerError(reason: "cannot start \(binary): \(Disk.describe(code))")
        }
        return (id, ends[0])
    }

    /// Lends a C array of C strings, ended by a null, for one call.
    private static func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = unsafe strings.map { unsafe strdup($0) }
        defer { unsafe copies.forEach { unsafe free($0) } }
        return unsafe body(copies + [nil])
    }

    /// The first line of its standard output; nil at its end or the deadline.
    private static func readLine(_ descriptor: Int32, _ deadline: Deadline) -> String? {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while deadline.waitUntilReadable(descriptor) {
            guard unsafe read(descriptor, &byte, 1) == 1 else { return nil }
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
        return nil
    }

    /// Host and port of `ready pg=HOST:PORT …`.
    private static func address(in line: String) -> (host: String, port: String)? {
        let words = line.split(separator: " ")
        guard words.first == "ready", let word = words.first(where: { $0.hasPrefix("pg=") }),
            let colon = word.lastIndex(of: ":")
        else { return nil }
        let host = word[..<colon].dropFirst(3).filter { $0 != "[" && $0 != "]" }
        return (host, String(word[word.index(after: colon)...]))
    }

    // MARK: - End

    /// Sends a signal and waits for the process, which closes its output when it ends.
    private static func end(_ id: pid_t, _ output: Int32, _ signal: Int32) -> String? {
        defer { close(output) }
        kill(id, signal)
        let deadline = Deadline(seconds: stopSeconds)
        var extra = 0
        var isOpen = true
        while isOpen, deadline.waitUntilReadable(output) {
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = unsafe read(output, &bytes, bytes.count)
            if count > 0 { extra += count } else { isOpen = false }
        }
        if isOpen { kill(id, SIGKILL) }
        var status: Int32 = 0
        while unsafe waitpid(id, &status, 0) < 0, errno == EINTR {}
        if isOpen { return "the server did not end within \(stopSeconds) s" }
        // The low seven bits are the signal that ended it, the next byte its exit code.
        if status & 0x7F != 0 { return "the server was ended by signal \(status & 0x7F)" }
        if status != 0 { return "the server ended with exit code \((status >> 8) & 0xFF)" }
        return extra > 0 ? "the server wrote more than its ready line on standard output" : nil
    }
}
