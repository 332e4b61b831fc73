import Dataflow
import Planner
import Testing
import Types

/// What is declared of functions, and what calls of them bind to, are the same.
@Suite struct FunctionCatalogTests {
    @Test func everyFunctionIsDeclared() {
        #expect(FunctionCatalog.undeclared.isEmpty)
        #expect(FunctionCatalog.unreadable.isEmpty)
    }

    @Test func everyOverloadIsDeclared() {
        let declared = Dictionary(grouping: FunctionCatalog.entries, by: \.name)
        for name in FunctionRegistry.names where declared[name] != nil {
            for overload in FunctionRegistry.overloads(name) {
                let isThere = (declared[name] ?? []).contains { accepts($0, overload) }
                #expect(isThere, "\(overload.signature) is declared nowhere")
            }
        }
    }

    /// Of the same types, as far as they are known; arguments with defaults may be missing.
    private func accepts(_ entry: FunctionEntry, _ overload: ScalarFunction) -> Bool {
        let types = entry.argumentTypes
        guard types.count - entry.defaults <= overload.arguments.count,
            overload.arguments.count <= types.count, entry.isVariadic == overload.isVariadic
        else { return false }
        return zip(types, overload.arguments).allSatisfy { declared, type in
            guard let known = declared.type else { return true }
            return known == type || entry.isVariadic || known.kind == .name
        }
    }

    @Test func identifiersAreUnique() {
        let oids = FunctionCatalog.entries.map(\.oid)
        #expect(Set(oids).count == oids.count)
        // PostgreSQL 15 gives functions identifiers up to 13562.
        #expect(oids.allSatisfy { $0 < 13_600 || FunctionCatalog.ownIdentifiers.contains($0) })
    }

    @Test(arguments: FunctionCatalog.entries.map(\.oid))
    func aCallGivesWhatIsDeclared(oid: Int32) throws {
        let entry = try #require(FunctionCatalog.entries.first { $0.oid == oid })
        let text = query(entry)
        let context = SessionContext(
            user: "u", database: "d", catalog: Catalog(), settings: [:], now: 0, backendID: 1)
        let plan = try Binder(context: context, text: text).bind(Parser.query(text))
        if entry.outputs.isEmpty {
            #expect(plan.fields.map(\.type.base.name) == [concrete(entry.result)], "\(text)")
        } else {
            #expect(plan.fields.map(\.name) == entry.outputs.map(\.name), "\(text)")
            #expect(
                plan.fields.map(\.type.base.name) == entry.outputs.map { concrete($0.type) },
                "\(text)")
        }
    }

    /// The type that stands in, in the calls of these tests.
    private func concrete(_ type: SignatureType) -> String {
        if let type = type.type { return type.name }
        if type.catalogName == "pg_node_tree" { return "text" }
        return type.catalogName.hasSuffix("array") ? "integer[]" : "integer"
    }

    private func query(_ entry: FunctionEntry) -> String {
        if entry.name == "row_to_json" { return "SELECT row_to_json(t) FROM (SELECT 1) t" }
        if entry.name == "current_user" || entry.name == "session_user" {
            return "SELECT \(entry.name)"
        }
        var arguments = entry.argumentTypes.map { "NULL::\(concrete($0))" }
        if entry.isVariadic, entry.argumentTypes.last?.type != nil {
            arguments[arguments.count - 1] = "NULL::text"
        }
        let list = arguments.joined(separator: entry.name == "position" ? " IN " : ", ")
        let call = entry.name == "position" ? "position(\(list))" : "\"\(entry.name)\"(\(list))"
        switch entry.declaration.kind {
        case .function: return entry.returnsSet ? "SELECT * FROM \(call)" : "SELECT \(call)"
        case .aggregate: return "SELECT \(list.isEmpty ? "\(entry.name)(*)" : call)"
        case .window: return "SELECT \(call) OVER (ORDER BY 1)"
        }
    }
}
