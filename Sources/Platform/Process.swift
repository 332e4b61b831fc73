import CLinux
import Glibc

/// What the process asks of the kernel about itself.
package enum HostProcess {
    /// Whether this processor has what the binary was compiled for (x86-64-v3).
    package static var hasSupportedProcessor: Bool { clinux_cpu_is_supported() != 0 }

    package static var coreCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// The bytes that the process may use: the machine's memory, or less in a container.
    package static var memoryBytes: Int {
        let machine = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        func text(_ path: String) -> String {
            (try? Disk.readAll(path)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
        var paths = ["/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        // The group that the process is in, and all above it: "0::/a/b".
        let line = text("/proc/self/cgroup").split(separator: "\n").first { $0.hasPrefix("0::") }
        var group = line.map { $0.dropFirst(3).split(separator: "/") } ?? []
        while true {
            let path = (["/sys/fs/cgroup"] + group.map(String.init)).joined(separator: "/")
            paths.append(path + "/memory.max")
            if group.popLast() == nil { break }
        }
        return paths.compactMap { Int(text($0).filter(\.isNumber)) }.reduce(machine, min)
    }

    /// Blocks SIGTERM and SIGINT from here on; call before any thread starts.
    /// - Returns: waits for one of them and names it.
    package static func interceptSignals() -> @Sendable () -> Void {
        let descriptor = clinux_signal_descriptor()
        return {
            var info = [UInt8](repeating: 0, count: MemoryLayout<signalfd_siginfo>.size)
            while unsafe Glibc.read(descriptor, &info, info.count) < 0, errno == EINTR {}
        }
    }

    /// A variable of the environment, or nil.
    package static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// Writes all of a text.
    package static func writeStandardOutput(_ text: String) {
        writeStandardOutput(Array(text.utf8))
    }

    /// All bytes; ends the process when nobody reads them any more.
    package static func writeStandardOutput(_ bytes: [UInt8]) {
        var done = 0
        while done < bytes.count {
            let from = done
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(1, $0.baseAddress.map { unsafe $0 + from }, bytes.count - from)
            }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { exit(1) }
            done += count
        }
    }

    /// Writes a text, as far as it goes.
    package static func writeStandardError(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(2, $0.baseAddress, $0.count) }
    }

    /// Ends the process at once, without running destructors of other threads.
    package static func exit(_ code: Int32) -> Never { Glibc._exit(code) }

    /// Parks the calling thread; others go on.
    package static func sleepForever() -> Never {
        while true { _ = pause() }
    }

    package static var id: Int { Int(getpid()) }
}
