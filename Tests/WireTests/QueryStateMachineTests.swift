import Testing
import Wire

@Suite struct QueryStateMachineTests {
    static let extended: [FrontendMessage] = [
        .parse(name: "", text: "SELECT 1", types: []),
        .describe(.portal, name: ""), .execute(portal: "", rowLimit: 0),
        .close(.statement, name: "a"),
    ]

    @Test(arguments: extended)
    func extendedMessagesAreRun(message: FrontendMessage) {
        var machine = QueryStateMachine()
        let action = machine.received(message)
        #expect(action == .run(message))
    }

    @Test func afterAnErrorEverythingUpToSyncIsPassedOver() {
        var machine = QueryStateMachine()
        machine.failed()
        for message in Self.extended + [
            .query("SELECT 1"), .flush, .functionCall, .password([]), .copyDone,
        ] {
            let action = machine.received(message)
            #expect(action == .ignore, "\(message)")
        }
        let synced = machine.received(.sync)
        #expect(synced == .ready)
        let next = machine.received(.query("SELECT 2"))
        #expect(next == .runQuery("SELECT 2"))
    }

    @Test func aSecondErrorWhileSkippingChangesNothing() {
        var machine = QueryStateMachine()
        machine.failed()
        machine.failed()
        let first = machine.received(.sync)
        #expect(first == .ready)
        let second = machine.received(.sync)
        #expect(second == .ready)
    }

    @Test(arguments: [false, true])
    func terminateClosesAlsoWhileSkipping(skipping: Bool) {
        var machine = QueryStateMachine()
        if skipping { machine.failed() }
        let action = machine.received(.terminate)
        #expect(action == .close)
        for message in Self.extended + [.sync, .query("SELECT 1"), .terminate] {
            let late = machine.received(message)
            #expect(late == .ignore)
        }
    }

    @Test func leftoversOfACopyAreIgnored() {
        var machine = QueryStateMachine()
        for message: FrontendMessage in [.copyData([1]), .copyDone, .copyFail("stop")] {
            let action = machine.received(message)
            #expect(action == .ignore)
        }
    }

    @Test(arguments: [FrontendMessage.password([]), .functionCall])
    func whatWeDoNotOfferIsRefused(message: FrontendMessage) {
        var machine = QueryStateMachine()
        guard case .refuse = machine.received(message) else {
            Issue.record("\(message) was not refused")
            return
        }
    }
}

@Suite struct StartupStateMachineTests {
    @Test func encryptionIsRefusedAndStartupGoesOn() {
        var machine = StartupStateMachine()
        let tls = machine.received(.sslRequest)
        #expect(tls == .refuseEncryption)
        let gss = machine.received(.gssRequest)
        #expect(gss == .refuseEncryption)
        let start = machine.received(
            .startup(minorVersion: 2, parameters: ["user": "anna", "_pq_.b": "1", "_pq_.a": "2"]))
        #expect(
            start
                == .start(
                    parameters: ["user": "anna", "_pq_.b": "1", "_pq_.a": "2"],
                    unknownOptions: ["_pq_.a", "_pq_.b"], minorVersion: 2))
    }

    @Test func aThirdEncryptionRequestClosesTheConnection() {
        var machine = StartupStateMachine()
        _ = machine.received(.sslRequest)
        _ = machine.received(.sslRequest)
        let action = machine.received(.gssRequest)
        #expect(action == .close(reason: "too many encryption requests"))
    }

    @Test func cancelIsHandedOn() {
        var machine = StartupStateMachine()
        let action = machine.received(.cancel(processID: 4, secret: 5))
        #expect(action == .cancel(processID: 4, secret: 5))
    }

    @Test func secondStartupClosesTheConnection() {
        var machine = StartupStateMachine()
        _ = machine.received(.startup(minorVersion: 0, parameters: [:]))
        let action = machine.received(.startup(minorVersion: 0, parameters: [:]))
        #expect(action == .close(reason: "second startup message"))
    }
}
