/// A borrowed run of fixed-width cells: the safe handle over raw column memory.
///
/// Valid only while its owner (`Storage`, a page of state) is alive: bind the owner to a `let` for as
/// long as the cells are used. Bounds are checked in debug builds. Trivial: copying costs nothing.
@safe @frozen @usableFromInline
package struct Cells<Element: BitwiseCopyable> {
    @usableFromInline let start: UnsafeMutablePointer<Element>
    @usableFromInline package let count: Int

    @inlinable
    package init(_ start: UnsafeMutablePointer<Element>, count: Int) {
        unsafe self.start = start
        self.count = count
    }

    @inlinable
    package subscript(index: Int) -> Element {
        @inline(__always) get {
            assert(index >= 0 && index < count, "cell \(index) of \(count)")
            return unsafe start[index]
        }
        @inline(__always) nonmutating set {
            assert(index >= 0 && index < count, "cell \(index) of \(count)")
            unsafe start[index] = newValue
        }
    }

    /// For C functions that fill or read the memory; not beyond the owner's life.
    @inlinable package var unsafePointer: UnsafeMutablePointer<Element> { unsafe start }

    /// Writes `value` to every cell.
    @inlinable
    package func fill(_ value: Element) {
        unsafe start.update(repeating: value, count: count)
    }

    /// Copies all of `other` to here, from cell `offset` on.
    @inlinable
    package func copy(from other: Cells<Element>, at offset: Int = 0) {
        precondition(offset + other.count <= count, "copy of \(other.count) cells past \(count)")
        unsafe (start + offset).update(from: other.start, count: other.count)
    }
}

/// Fixed-width values that own their memory; immutable once built, so sharing needs no lock.
///
/// 64 spare bytes follow the last value, for vector loads and for simdjson.
@safe @usableFromInline
package final class Storage<Element: BitwiseCopyable>: @unchecked Sendable {
    // Safe to share: written only before it is published, freed by the last reference.
    @usableFromInline let start: UnsafeMutablePointer<Element>
    @usableFromInline package let count: Int

    /// Memory that the caller fills completely before anybody else sees it.
    @inlinable
    package init(uninitialized count: Int) {
        let raw = UnsafeMutableRawPointer.allocate(
            byteCount: count * MemoryLayout<Element>.stride + 64, alignment: 64)
        unsafe start = raw.bindMemory(to: Element.self, capacity: count + 1)
        self.count = count
    }

    @inlinable
    package convenience init(repeating value: Element, count: Int) {
        self.init(uninitialized: count)
        cells.fill(value)
    }

    @inlinable
    package convenience init(_ values: [Element]) {
        self.init(uninitialized: values.count)
        let cells = cells
        for index in values.indices { cells[index] = values[index] }
    }

    deinit { unsafe UnsafeMutableRawPointer(start).deallocate() }

    @inlinable package var cells: Cells<Element> { unsafe Cells(start, count: count) }

    /// The first `count` values; shares nothing.
    package func prefix(_ count: Int) -> Storage<Element> {
        let copy = Storage<Element>(uninitialized: count)
        copy.cells.copy(from: unsafe Cells(start, count: count))
        return copy
    }
}

/// A growing run of cells with one owner, before it becomes a `Storage` without a copy of its own.
@safe
package struct GrowingCells<Element: BitwiseCopyable>: ~Copyable {
    @usableFromInline var start: UnsafeMutablePointer<Element>
    @usableFromInline var capacity: Int
    package private(set) var count = 0

    package init(capacity: Int = 16) {
        self.capacity = max(capacity, 1)
        unsafe start = UnsafeMutablePointer<Element>.allocate(capacity: self.capacity)
    }

    deinit { unsafe start.deallocate() }

    /// Makes room for so many more.
    package mutating func reserve(_ more: Int) {
        guard count + more > capacity else { return }
        let wanted = max(count + more, capacity * 2)
        let grown = UnsafeMutablePointer<Element>.allocate(capacity: wanted)
        unsafe grown.update(from: start, count: count)
        unsafe start.deallocate()
        unsafe start = grown
        capacity = wanted
    }

    /// Adds one cell.
    package mutating func append(_ value: Element) {
        if count == capacity { reserve(1) }
        unsafe start[count] = value
        count += 1
    }

    /// Adds cells from memory.
    package mutating func append(_ source: UnsafePointer<Element>, count more: Int) {
        reserve(more)
        unsafe (start + count).update(from: source, count: more)
        count += more
    }

    /// Adds cells.
    package mutating func append(_ source: Cells<Element>, _ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= source.count, "\(range)")
        unsafe append(source.unsafePointer + range.lowerBound, count: range.count)
    }

    /// Forgets the cells from `count` on.
    package mutating func truncate(to count: Int) {
        precondition(count <= self.count, "\(count) of \(self.count) cells")
        self.count = count
    }

    /// Forgets the cells and keeps the memory.
    package mutating func removeAll() { count = 0 }

    package subscript(index: Int) -> Element {
        get {
            assert(index >= 0 && index < count)
            return unsafe start[index]
        }
        set {
            assert(index >= 0 && index < count)
            unsafe start[index] = newValue
        }
    }

    /// A copy of what has been appended.
    package func storage() -> Storage<Element> {
        let result = Storage<Element>(uninitialized: count)
        result.cells.copy(from: unsafe Cells(start, count: count))
        return result
    }
}
