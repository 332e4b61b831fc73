package import Types

/// What a sequence counts: kept among the options of its catalog object.
package struct SequenceDefinition: Hashable, Sendable {
    package private(set) var type = DataType.Kind.int8
    package private(set) var increment: Int64 = 1
    package private(set) var minimum: Int64 = 1
    package private(set) var maximum = Int64.max
    package private(set) var start: Int64 = 1
    package private(set) var cycles = false

    /// Counts from 1 within a type.
    package init(_ type: DataType.Kind = .int8) {
        self.type = type
        maximum = SequenceDefinition.range(of: type).upperBound
    }

    private static func range(of type: DataType.Kind) -> ClosedRange<Int64> {
        TextEncoding.range(type)
    }

    /// The value behind another; nil beyond the limits.
    package func next(_ value: Int64) -> Int64? {
        let (next, overflow) = value.addingReportingOverflow(increment)
        return overflow || next < minimum || next > maximum ? nil : next
    }

    /// The value after the last one, where it cycles.
    package var beginning: Int64 { increment > 0 ? minimum : maximum }

    // MARK: - Options

    /// As CREATE or ALTER SEQUENCE says; what it does not say stays.
    /// - Throws: 22023 for what cannot be together.
    package func with(_ options: SequenceOptions, type named: DataType?, isNew: Bool)
        throws(SQLError) -> SequenceDefinition
    {
        var made = self
        if let named {
            guard [.int2, .int4, .int8].contains(named.kind) else {
                throw SQLError(
                    .invalidParameterValue,
                    "sequence type must be smallint, integer, or bigint")
            }
            let old = SequenceDefinition.range(of: made.type)
            let range = SequenceDefinition.range(of: named.kind)
            made.type = named.kind
            // Limits that were the old type's become the new one's.
            if made.maximum == old.upperBound { made.maximum = range.upperBound }
            if made.minimum == old.lowerBound { made.minimum = range.lowerBound }
        }
        if let increment = options.increment {
            guard increment != 0 else {
                throw SQLError(.invalidParameterValue, "INCREMENT must not be zero")
            }
            made.increment = increment
        }
        let range = SequenceDefinition.range(of: made.type)
        let isDescending = made.increment < 0
        switch options.maximum {
        case .value(let value): made.maximum = value
        case .some(.none): made.maximum = isDescending ? -1 : range.upperBound
        case nil where isNew: made.maximum = isDescending ? -1 : range.upperBound
        case nil: break
        }
        switch options.minimum {
        case .value(let value): made.minimum = value
        case .some(.none): made.minimum = isDescending ? range.lowerBound : 1
        case nil where isNew: made.minimum = isDescending ? range.lowerBound : 1
        case nil: break
        }
        if let cycles = options.cycles { made.cycles = cycles }
        if let start = options.start {
            made.start = start
        } else if isNew {
            made.start = made.beginning
        }
        try made.check(range)
        return made
    }

    private func check(_ range: ClosedRange<Int64>) throws(SQLError) {
        func refuse(_ text: String) -> SQLError { SQLError(.invalidParameterValue, text) }
        let name = DataType(type).name
        if !range.contains(maximum) {
            throw refuse("MAXVALUE (\(maximum)) is out of range for sequence data type \(name)")
        }
        if !range.contains(minimum) {
            throw refuse("MINVALUE (\(minimum)) is out of range for sequence data type \(name)")
        }
        if minimum >= maximum {
            throw refuse("MINVALUE (\(minimum)) must be less than MAXVALUE (\(maximum))")
        }
        try check(start, "START")
    }

    /// - Throws: 22023 for a START or RESTART value beyond the limits.
    package func check(_ value: Int64, _ what: String) throws(SQLError) {
        if value < minimum {
            throw SQLError(
                .invalidParameterValue,
                "\(what) value (\(value)) cannot be less than MINVALUE (\(minimum))")
        }
        if value > maximum {
            throw SQLError(
                .invalidParameterValue,
                "\(what) value (\(value)) cannot be greater than MAXVALUE (\(maximum))")
        }
    }

    // MARK: - Bytes

    package var options: [String: String] {
        [
            "type": DataType(type).name, "increment": String(increment),
            "minimum": String(minimum), "maximum": String(maximum), "start": String(start),
            "cycles": String(cycles),
        ]
    }

    /// Of a sequence in the catalog; older ones have no options and are plain.
    package init(of sequence: CatalogObject) {
        self.init()
        func number(_ name: String) -> Int64? { sequence.options[name].flatMap { Int64($0) } }
        if let name = sequence.options["type"], let found = DataType.named(name) {
            type = found.kind
        }
        increment = number("increment") ?? increment
        minimum = number("minimum") ?? minimum
        maximum = number("maximum") ?? maximum
        start = number("start") ?? start
        cycles = sequence.options["cycles"] == "true"
    }
}
