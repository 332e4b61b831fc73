import CLinux
import Glibc

/// A failed system call: which, on what, and errno.
package struct SystemError: Error, Hashable, Sendable {
    package let call: String
    package let subject: String
    package let code: Int32

    package init(_ call: String, _ subject: String, code: Int32 = errno) {
        self.call = call
        self.subject = subject
        self.code = code
        // EBADF and EFAULT are our own bugs: going on would write to somebody else's file.
        precondition(code != EBADF && code != EFAULT, "\(call)(\(subject)): errno \(code)")
    }

    /// The sentence for people, without the call.
    package var reason: String { unsafe String(cString: strerror(code)) }

    package var isAddressInUse: Bool { code == EADDRINUSE }
    package var isPermission: Bool { code == EACCES || code == EPERM || code == EROFS }
    package var isMissing: Bool { code == ENOENT }
    package var wouldBlock: Bool { code == EAGAIN || code == EWOULDBLOCK }
}

extension SystemError: CustomStringConvertible {
    package var description: String { "\(call) \(subject): \(reason)" }
}

/// Repeats a call that a signal interrupted; -1 comes back as an error.
@discardableResult
func retrying(_ call: String, _ subject: String, _ body: () -> Int) throws(SystemError) -> Int {
    while true {
        let result = body()
        if result >= 0 { return result }
        let code = errno
        if code != EINTR { throw SystemError(call, subject, code: code) }
    }
}
