import CLinux
import Glibc

/// An open file. Reads and writes name their position, so threads can share it.
package final class File: Sendable {
    /// What is done with the file; `createNew` empties one that is there.
    package enum Mode: Sendable { case read, readWrite, createNew }

    package let path: String
    private let descriptor: Int32

    /// Opens or creates; only the owner may read what is created.
    package init(_ path: String, _ mode: Mode) throws(SystemError) {
        let flags: Int32 =
            switch mode {
            case .read: O_RDONLY
            case .readWrite: O_RDWR | O_CREAT
            case .createNew: O_RDWR | O_CREAT | O_TRUNC
            }
        descriptor = Int32(
            try retrying("open", path) { () -> Int in unsafe Int(clinux_open(path, flags, 0o600)) })
        self.path = path
    }

    deinit { close(descriptor) }

    /// Writes all bytes at `offset`.
    package func write(_ bytes: [UInt8], at offset: Int64) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let from = done
            let count = try retrying("pwrite", path) { () -> Int in
                unsafe bytes.withUnsafeBytes { buffer in
                    unsafe pwrite(
                        descriptor, buffer.baseAddress.map { unsafe $0 + from }, bytes.count - from,
                        off_t(offset) + off_t(from))
                }
            }
            done += count
        }
    }

    /// Up to `count` bytes at `offset`; fewer only at the end of the file.
    package func read(at offset: Int64, count: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = unsafe pread(
                    descriptor, buffer.baseAddress.map { unsafe $0 + filled }, count - filled,
                    off_t(offset) + off_t(filled))
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = SystemError("pread", path) }
                if got <= 0 { break }
                filled += got
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Bytes and length on disk.
    package func sync() throws(SystemError) {
        try retrying("fdatasync", path) { Int(fdatasync(descriptor)) }
    }

    /// Cuts or extends to `length` bytes.
    package func truncate(to length: Int64) throws(SystemError) {
        try retrying("ftruncate", path) { Int(ftruncate(descriptor, off_t(length))) }
    }

    /// Reserves blocks, so that appending does not change the file's size at each sync.
    package func preallocate(_ length: Int64) throws(SystemError) {
        let result = fallocate(descriptor, 0, 0, off_t(length))
        if result != 0, errno != EOPNOTSUPP { throw SystemError("fallocate", path) }
    }

    /// Bytes in the file.
    package func size() throws(SystemError) -> Int64 {
        var status = stat()
        try retrying("fstat", path) { () -> Int in unsafe Int(fstat(descriptor, &status)) }
        return Int64(status.st_size)
    }

    /// Takes the file's exclusive lock, kept until the process ends. - Returns: false when another
    /// process has it.
    package func tryLock() -> Bool { clinux_try_lock(descriptor) == 0 }
}

/// Whole files and directories.
package enum Disk {
    /// Makes a directory and those above it.
    package static func createDirectory(_ path: String) throws(SystemError) {
        var partial = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            partial += "/" + part
            if unsafe mkdir(partial, 0o700) != 0, errno != EEXIST {
                throw SystemError("mkdir", partial)
            }
        }
        var status = stat()
        if unsafe stat(path, &status) != 0 { throw SystemError("stat", path) }
        if (status.st_mode & S_IFMT) != S_IFDIR {
            throw SystemError("mkdir", path, code: ENOTDIR)
        }
    }

    /// Whether there is anything at `path`.
    package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// Names in a directory, sorted, without `.` and `..`.
    package static func list(_ path: String) throws(SystemError) -> [String] {
        guard let directory = unsafe opendir(path) else { throw SystemError("opendir", path) }
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

    /// Removes a file; none is no error.
    package static func remove(_ path: String) throws(SystemError) {
        if unsafe unlink(path) != 0, errno != ENOENT { throw SystemError("unlink", path) }
    }

    /// Makes creations, renames and removals in a directory durable.
    package static func syncDirectory(_ path: String) throws(SystemError) {
        let descriptor = Int32(
            try retrying("open", path) { () -> Int in unsafe Int(clinux_open(path, O_RDONLY, 0)) })
        defer { close(descriptor) }
        try retrying("fsync", path) { Int(fsync(descriptor)) }
    }

    /// Replaces `path` by `bytes`, all or nothing, durable when it returns.
    package static func writeAtomically(_ bytes: [UInt8], to path: String) throws(SystemError) {
        let temporary = path + ".tmp"
        let file = try File(temporary, .createNew)
        try file.write(bytes, at: 0)
        try file.sync()
        if unsafe rename(temporary, path) != 0 { throw SystemError("rename", path) }
        try syncDirectory(parent(of: path))
    }

    /// The whole of a file.
    package static func readAll(_ path: String) throws(SystemError) -> [UInt8] {
        let file = try File(path, .read)
        return try file.read(at: 0, count: Int(try file.size()))
    }

    /// The directory that a path lies in.
    package static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
