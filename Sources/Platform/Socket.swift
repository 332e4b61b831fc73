import CLinux
import Glibc

/// A connected stream socket of one event loop. Loop's thread only.
package final class Channel: @unchecked Sendable {
    // Confined to the loop's thread.
    private let loop: EventLoop
    private let descriptor: Int32
    private var token: UInt64 = 0
    private var isOpen = true
    private var readable: CheckedContinuation<Void, Never>?
    private var writable: CheckedContinuation<Void, Never>?

    init(loop: EventLoop, descriptor: Int32) {
        self.loop = loop
        self.descriptor = descriptor
        token = loop.watch(descriptor) { [weak self] mask in self?.ready(mask) }
    }

    deinit { if isOpen { close() } }

    private func ready(_ mask: UInt32) {
        let failed = mask & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
        if failed || mask & (EPOLLIN.rawValue | EPOLLRDHUP.rawValue) != 0 { wakeReader() }
        if failed || mask & EPOLLOUT.rawValue != 0 { wakeWriter() }
    }

    private func wakeReader() {
        if let waiter = readable {
            readable = nil
            waiter.resume()
        }
    }

    private func wakeWriter() {
        if let waiter = writable {
            writable = nil
            waiter.resume()
        }
    }

    /// The next bytes, at most `limit`; empty at the end of the stream.
    package func read(limit: Int = 65536) async throws(SystemError) -> [UInt8] {
        while isOpen {
            var result = 0
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, filled in
                result = unsafe recv(descriptor, buffer.baseAddress, limit, 0)
                filled = max(result, 0)
            }
            if result >= 0 { return bytes }
            let code = errno
            if code == EINTR { continue }
            guard code == EAGAIN || code == EWOULDBLOCK else {
                throw SystemError("recv", "socket", code: code)
            }
            await withCheckedContinuation { readable = $0 }
        }
        return []
    }

    /// Sends all bytes; waits while the peer does not read.
    package func write(_ bytes: [UInt8]) async throws(SystemError) {
        var done = 0
        while done < bytes.count {
            guard isOpen else { throw SystemError("send", "socket", code: EPIPE) }
            let from = done
            let result = unsafe bytes.withUnsafeBytes { buffer in
                unsafe clinux_send(
                    descriptor, buffer.baseAddress.map { unsafe $0 + from }, bytes.count - from)
            }
            if result >= 0 {
                done += result
                continue
            }
            let code = errno
            if code == EINTR { continue }
            guard code == EAGAIN || code == EWOULDBLOCK else {
                throw SystemError("send", "socket", code: code)
            }
            await withCheckedContinuation { writable = $0 }
        }
    }

    /// Ends the stream for whoever reads; writing goes on.
    package func endReading() {
        if isOpen { _ = shutdown(descriptor, Int32(SHUT_RD)) }
        wakeReader()
    }

    /// Closes the socket; readers and writers that wait go on.
    package func close() {
        guard isOpen else { return }
        isOpen = false
        loop.unwatch(descriptor, token)
        Glibc.close(descriptor)
        wakeReader()
        wakeWriter()
    }
}

/// A listening socket.
package final class Listener: @unchecked Sendable {
    // `descriptor` is constant; accepting happens on the loop's thread only.
    private let descriptor: Int32
    package let host: String
    /// The real port, also when 0 was asked for.
    package let port: UInt16

    /// Binds and listens; port 0 takes a free one.
    package init(host: String, port: UInt16) throws(SystemError) {
        var bound: UInt16 = 0
        var fd: Int32 = -1
        if unsafe clinux_listen(host, port, 1024, &bound, &fd) != 0 {
            throw SystemError("listen", "\(host):\(port)")
        }
        descriptor = fd
        self.host = host
        self.port = bound
    }

    /// Hands each connection to `handler`, in a task of its own on the loop. More than `limit` at a
    /// time are closed at once.
    package func accept(
        on loop: EventLoop, limit: Int = 10_000,
        _ handler: @escaping @Sendable (Channel) async -> Void
    ) {
        loop.perform { [self] in
            let open = OpenCount()
            let drain = { [self] in
                while true {
                    let client = clinux_accept(descriptor)
                    if client < 0 {
                        if errno == EINTR || errno == ECONNABORTED { continue }
                        return
                    }
                    guard open.count < limit else {
                        Glibc.close(client)
                        continue
                    }
                    open.count += 1
                    let channel = Channel(loop: loop, descriptor: client)
                    loop.start {
                        await handler(channel)
                        channel.close()
                        open.count -= 1
                    }
                }
            }
            _ = loop.watch(descriptor) { _ in drain() }
            drain()
        }
    }

    private final class OpenCount: @unchecked Sendable {
        // Confined to the loop's thread.
        var count = 0
    }
}
