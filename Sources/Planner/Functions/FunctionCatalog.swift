import Dataflow
import Types

/// One row of pg_proc.
package struct FunctionEntry: Sendable {
    package let oid: Int32
    package let declaration: FunctionDeclaration
    let signature: FunctionSignature
    package let result: SignatureType
    package let isStrict: Bool
    package let volatility: FunctionDeclaration.Volatility

    package var name: String { declaration.name }
    package var argumentTypes: [SignatureType] { signature.arguments.map(\.type) }
    package var returnsSet: Bool { signature.returnsSet }
    package var isVariadic: Bool { signature.arguments.contains(where: \.isVariadic) }
    /// The columns of the result, when they have names.
    package var outputs: [(name: String, type: SignatureType)] {
        signature.outputs.map { ($0.name, $0.type) }
    }
    /// How many of the last arguments may be left out.
    package var defaults: Int { signature.arguments.count { $0.standard != nil } }

    /// As pg_get_function_arguments() writes them.
    package var argumentText: String {
        let inputs = signature.arguments.map { argument in
            text(argument) + (argument.standardText.map { " DEFAULT \($0)" } ?? "")
        }
        let outputs = signature.outputs.map { "OUT \(text($0))" }
        return (inputs + outputs).joined(separator: ", ")
    }

    /// As pg_get_function_identity_arguments() writes them.
    var identityText: String {
        (signature.arguments.map(text) + signature.outputs.map { "OUT \(text($0))" })
            .joined(separator: ", ")
    }

    /// As pg_get_function_result() writes it.
    package var resultText: String { (returnsSet ? "SETOF " : "") + result.name }

    private func text(_ argument: FunctionSignature.Argument) -> String {
        (argument.isVariadic ? "VARIADIC " : "")
            + (argument.name.isEmpty ? "" : argument.name + " ") + argument.type.name
    }
}

/// Every function that SQL can call.
package enum FunctionCatalog {
    /// The identifiers of functions that PostgreSQL does not have: above all that its initdb gives
    /// out, below those of objects that users make.
    package static let ownIdentifiers: ClosedRange<Int32> = 15_000...15_999

    package static let entries: [FunctionEntry] = FunctionSection.all.flatMap(\.declarations)
        .flatMap { overloads(of: $0) }

    package static func overloads(of declaration: FunctionDeclaration) -> [FunctionEntry] {
        declaration.signatures.compactMap { entry(declaration, $0.key, $0.value) }
    }

    /// Overloads whose declaration cannot be read, or whose result nothing decides; a test wants none.
    package static var unreadable: [String] {
        FunctionSection.all.flatMap(\.declarations).flatMap { declaration in
            declaration.signatures.filter { entry(declaration, $0.key, $0.value) == nil }
                .map { "\(declaration.name): \($0.key)" }
        }
    }

    private static let byOID = Dictionary(
        entries.map { ($0.oid, $0) }, uniquingKeysWith: { first, _ in first })

    private static let declaredNames = Set(
        FunctionSection.all.flatMap(\.declarations).map(\.name))

    /// Whether calls may name it.
    static func isDeclared(_ name: String) -> Bool { declaredNames.contains(name) }

    /// What is there to be called and is not declared; a test wants none.
    package static var undeclared: [String] {
        let scalar = FunctionRegistry.names.filter { name in
            name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
        }
        let names = scalar + SessionFunctions.names + ExpressionBinder.aggregateNames.keys
        return names.filter { !declaredNames.contains($0) }.sorted()
    }

    private static let byName = Dictionary(grouping: entries, by: \.name)

    /// What stands in for the arguments behind the first `count` ones that a call leaves out.
    static func defaults(_ name: String, count: Int) throws(SQLError) -> [Expr] {
        let overloads = byName[name] ?? []
        guard !overloads.contains(where: { $0.argumentTypes.count == count }),
            let entry = overloads.first(where: { overload in
                let all = overload.argumentTypes.count
                return all - overload.defaults <= count && count < all
            })
        else { return [] }
        var list: [Expr] = []
        for argument in entry.signature.arguments.dropFirst(count) {
            guard let type = argument.type.type, let text = argument.standard else { return [] }
            list.append(.constant(try TextEncoding.parse(Array(text.utf8), type), type))
        }
        return list
    }

    /// The arguments of a call, the last of which have names, in the order of the declaration, with
    /// defaults where none is given; nil when no overload has arguments of these names.
    static func arranged(_ name: String, _ arguments: [Expr], _ names: [String]) throws(SQLError)
        -> [Expr]?
    {
        let placed = arguments.count - names.count
        for entry in byName[name] ?? [] {
            let parameters = entry.signature.arguments
            let places = names.compactMap { name in parameters.firstIndex { $0.name == name } }
            guard places.count == names.count, Set(places).count == places.count,
                places.allSatisfy({ $0 >= placed }), placed <= parameters.count
            else { continue }
            var list = Array(arguments.prefix(placed))
            for (index, parameter) in parameters.enumerated().dropFirst(placed) {
                if let at = places.firstIndex(of: index) {
                    list.append(arguments[placed + at])
                } else if let type = parameter.type.type, let text = parameter.standard {
                    list.append(.constant(try TextEncoding.parse(Array(text.utf8), type), type))
                }
            }
            if list.count == parameters.count { return list }
        }
        return nil
    }

    static func withOID(_ oid: Int32) -> FunctionEntry? { byOID[oid] }

    /// The overloads of a name.
    static func named(_ name: String) -> [FunctionEntry] { byName[name] ?? [] }

    /// What computes the overload, as far as it is declared for exactly these types.
    private struct Computed {
        var result: DataType
        var isStrict = true
        var volatility = FunctionDeclaration.Volatility.immutable
    }

    private static func entry(_ declaration: FunctionDeclaration, _ text: String, _ oid: Int32)
        -> FunctionEntry?
    {
        guard let signature = FunctionSignature(text) else { return nil }
        let types = signature.arguments.compactMap(\.type.type)
        let isExact = types.count == signature.arguments.count
        let computed: Computed? =
            switch declaration.kind {
            case .function: isExact ? function(declaration.name, types) : nil
            case .aggregate: isExact ? aggregate(declaration.name, types) : nil
            case .window: nil
            }
        guard let result = signature.result ?? computed.map({ SignatureType($0.result) }) else {
            return nil
        }
        return FunctionEntry(
            oid: oid, declaration: declaration, signature: signature, result: result,
            isStrict: declaration.isStrict ?? computed?.isStrict
                ?? (declaration.kind == .function),
            volatility: declaration.volatility ?? computed?.volatility ?? .immutable)
    }

    private static func function(_ name: String, _ types: [DataType]) -> Computed? {
        if let found = FunctionRegistry.exact(name, types) {
            return Computed(
                result: found.result, isStrict: found.isStrict,
                volatility: found.isVolatile ? .volatile : .immutable)
        }
        // Its last argument is the session's time zone.
        if let found = FunctionRegistry.exact(name + "@zone", types + [.text]) {
            return Computed(result: found.result, isStrict: found.isStrict, volatility: .stable)
        }
        if let found = SessionFunctions.named(name, types) {
            return Computed(
                result: found.result, isStrict: found.isStrict, volatility: .stable)
        }
        guard types.count == 1, let target = SignatureType.named(name)?.type,
            CastFunctions.context(from: types[0], to: target) != nil
        else { return nil }
        let kinds = [types[0].kind, target.kind]
        let isStable = kinds.contains(.timestamptz) || kinds.contains(.regclass)
        return Computed(result: target, volatility: isStable ? .stable : .immutable)
    }

    private static func aggregate(_ name: String, _ types: [DataType]) -> Computed? {
        guard let function = ExpressionBinder.aggregateNames[name] else { return nil }
        guard let type = types.first else {
            return function == .count ? Computed(result: .int8, isStrict: false) : nil
        }
        return Aggregate.resultType(function, type).map { Computed(result: $0, isStrict: false) }
    }
}
