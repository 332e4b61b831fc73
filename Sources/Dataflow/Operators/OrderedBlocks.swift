/// Elements in an order, in blocks of at most 256: finding is two binary searches, inserting and
/// removing move at most one block's elements.
struct OrderedBlocks<Element> {
    /// Where an element is, or would be; the end is block `blocks.count`.
    struct Place: Equatable {
        var block: Int
        var at: Int
    }

    /// None is empty.
    private(set) var blocks: [[Element]] = []
    private static var blockSize: Int { 256 }

    subscript(place: Place) -> Element { blocks[place.block][place.at] }

    /// The element at a place, unless that is the end.
    @inline(__always)
    func element(at place: Place) -> Element? {
        place.block < blocks.count ? blocks[place.block][place.at] : nil
    }

    /// The first place whose element does not satisfy `precedes`, which holds for a head of the list.
    @inline(__always)
    func locate(_ precedes: (Element) -> Bool) -> Place {
        var (low, high) = (0, blocks.count)
        while low < high {
            let middle = (low + high) / 2
            if precedes(blocks[middle][blocks[middle].count - 1]) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        guard low < blocks.count else { return Place(block: low, at: 0) }
        let block = low
        (low, high) = (0, blocks[block].count)
        while low < high {
            let middle = (low + high) / 2
            if precedes(blocks[block][middle]) { low = middle + 1 } else { high = middle }
        }
        return Place(block: block, at: low)
    }

    /// The place behind one that is not the end.
    func next(_ place: Place) -> Place {
        place.at + 1 < blocks[place.block].count
            ? Place(block: place.block, at: place.at + 1) : Place(block: place.block + 1, at: 0)
    }

    /// The place before this one; nil at the beginning.
    func previous(_ place: Place) -> Place? {
        if place.at > 0 { return Place(block: place.block, at: place.at - 1) }
        if place.block == 0 { return nil }
        return Place(block: place.block - 1, at: blocks[place.block - 1].count - 1)
    }

    /// The first element that there is; nil when empty.
    var first: Element? { blocks.first?.first }

    /// The last element; nil when empty.
    var last: Element? { blocks.last?.last }

    var elements: [Element] { blocks.flatMap { $0 } }

    var count: Int { blocks.reduce(0) { $0 + $1.count } }

    /// Inserts an element where `locate` found that it belongs.
    mutating func insert(_ element: Element, at place: Place) {
        var (block, at) = (place.block, place.at)
        if block == blocks.count {
            if blocks.isEmpty { blocks.append([]) }
            block = blocks.count - 1
            at = blocks[block].count
        }
        blocks[block].insert(element, at: at)
        if blocks[block].count > Self.blockSize {
            let half = blocks[block].count / 2
            blocks.insert(Array(blocks[block][half...]), at: block + 1)
            blocks[block].removeSubrange(half...)
        }
    }

    mutating func remove(at place: Place) {
        blocks[place.block].remove(at: place.at)
        if blocks[place.block].isEmpty { blocks.remove(at: place.block) }
    }

    /// Changes an element without moving it.
    @inline(__always)
    mutating func update(_ place: Place, _ change: (inout Element) -> Void) {
        change(&blocks[place.block][place.at])
    }

    /// Visits the elements from a place on until `visit` returns false.
    @inline(__always)
    func walk(from place: Place, _ visit: (Element) -> Bool) {
        var (block, at) = (place.block, place.at)
        while block < blocks.count {
            while at < blocks[block].count {
                if !visit(blocks[block][at]) { return }
                at += 1
            }
            block += 1
            at = 0
        }
    }
}
