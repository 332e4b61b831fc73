import CPure
import Types

/// A map from 64-bit hashes to 32-bit heads (of rows, groups or chains of them).
///
/// 256 tables by the hash's upper byte, each open addressing with linear probing, doubling on its
/// own: no growth stalls for longer than 1/256 of the whole. Different keys with one hash share a
/// slot; their chain is the caller's.
package struct HashIndex: ~Copyable {
    package static let none = UInt32.max

    private struct Slot: BitwiseCopyable {
        var hash: UInt64
        var head: UInt32
        var isUsed: UInt32
    }

    private struct Table {
        var slots: Storage<Slot>?
        var used = 0
    }

    private var tables = [Table](repeating: Table(), count: 256)
    /// Hashes with a slot.
    package private(set) var count = 0

    package init() {}

    /// The head stored for `hash`, or `none`.
    package func find(_ hash: UInt64) -> UInt32 {
        guard let storage = tables[Int(hash >> 56)].slots else { return HashIndex.none }
        let slots = storage.cells
        let mask = slots.count - 1
        var at = Int(truncatingIfNeeded: hash) & mask
        while true {
            let slot = slots[at]
            if slot.isUsed == 0 { return HashIndex.none }
            if slot.hash == hash { return slot.head }
            at = (at + 1) & mask
        }
    }

    /// Stores a head for `hash`; `none` leaves an empty slot that the next growth drops.
    package mutating func set(_ hash: UInt64, _ head: UInt32) {
        let table = Int(hash >> 56)
        if tables[table].slots == nil {
            tables[table].slots = Storage(repeating: Slot(hash: 0, head: 0, isUsed: 0), count: 8)
        }
        guard let storage = tables[table].slots else { return }
        let slots = storage.cells
        let mask = slots.count - 1
        var at = Int(truncatingIfNeeded: hash) & mask
        while true {
            let slot = slots[at]
            if slot.isUsed == 0 { break }
            if slot.hash == hash {
                slots[at] = Slot(hash: hash, head: head, isUsed: 1)
                return
            }
            at = (at + 1) & mask
        }
        slots[at] = Slot(hash: hash, head: head, isUsed: 1)
        tables[table].used += 1
        count += 1
        if tables[table].used * 4 > slots.count * 3 { grow(table) }
    }

    private mutating func grow(_ table: Int) {
        guard let storage = tables[table].slots else { return }
        let old = storage.cells
        var live = 0
        for at in 0..<old.count where old[at].isUsed != 0 && old[at].head != HashIndex.none {
            live += 1
        }
        var capacity = 8
        while capacity * 3 < live * 6 + 8 { capacity *= 2 }
        let grown = Storage<Slot>(repeating: Slot(hash: 0, head: 0, isUsed: 0), count: capacity)
        let new = grown.cells
        for at in 0..<old.count {
            let slot = old[at]
            if slot.isUsed == 0 || slot.head == HashIndex.none { continue }
            var to = Int(truncatingIfNeeded: slot.hash) & (capacity - 1)
            while new[to].isUsed != 0 { to = (to + 1) & (capacity - 1) }
            new[to] = slot
        }
        count -= tables[table].used - live
        tables[table] = Table(slots: grown, used: live)
    }

    /// Asks the processor to fetch the slot of `hash`.
    package func prefetch(_ hash: UInt64) {
        guard let storage = tables[Int(hash >> 56)].slots else { return }
        let slots = storage.cells
        unsafe cpure_prefetch(
            slots.unsafePointer + (Int(truncatingIfNeeded: hash) & (slots.count - 1)))
    }

    /// Bytes of memory held.
    package var byteCount: Int {
        tables.reduce(0) { $0 + ($1.slots?.count ?? 0) * MemoryLayout<Slot>.stride }
    }
}
