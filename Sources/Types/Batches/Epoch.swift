/// One numbered cut of all inputs; never reused, also across restarts.
package struct Epoch: Hashable, Comparable, Sendable {
    package let number: UInt32

    package init(_ number: UInt32) { self.number = number }

    package static let zero = Epoch(0)

    package static func < (left: Epoch, right: Epoch) -> Bool { left.number < right.number }

    package var next: Epoch { Epoch(number + 1) }
}
