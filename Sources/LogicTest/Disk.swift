import Glibc

/// Files and directories.
enum Disk {
    static var lastError: String { describe(errno) }

    static func describe(_ code: Int32) -> String {
        guard let text = unsafe strerror(code) else { return "error \(code)" }
        return unsafe String(cString: text)
    }

    /// All bytes of a file; nil when it cannot be read.
    static func bytes(of path: String) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = unsafe read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 { return nil }
            if count == 0 { return result }
            result += buffer[..<count]
        }
    }

    /// The end of a text file.
    static func lastLines(_ path: String, count: Int) -> String {
        let lines = (bytes(of: path) ?? []).split(separator: UInt8(ascii: "\n")).suffix(count)
        return lines.map { "    " + String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
    }

    /// Names in a directory, sorted; nil when it is none.
    static func names(in path: String) -> [String]? {
        guard let directory = unsafe opendir(path) else { return nil }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// The `.slt` files below a directory, in order; a file's own path for a file.
    static func testFiles(at path: String) -> [String] {
        guard let names = names(in: path) else { return [path] }
        return names.flatMap { name -> [String] in
            let child = path.hasSuffix("/") ? path + name : "\(path)/\(name)"
            if name.hasSuffix(".slt") { return [child] }
            return self.names(in: child) == nil ? [] : testFiles(at: child)
        }
    }

    /// A new directory for one run; nil when none can be made.
    static func makeTemporaryDirectory() -> String? {
        let parent = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/streamhouse-slt-XXXXXX".utf8CString)
        return unsafe template.withUnsafeMutableBufferPointer { buffer -> String? in
            guard let start = buffer.baseAddress, let made = unsafe mkdtemp(start) else {
                return nil
            }
            return unsafe String(cString: made)
        }
    }

    /// Removes a directory and what is in it; follows no links.
    static func removeTree(_ path: String) {
        if unsafe unlink(path) == 0 { return }
        for name in names(in: path) ?? [] { removeTree("\(path)/\(name)") }
        unsafe rmdir(path)
    }
}
