import Connectors
import Platform
import Server

/// The command.
@main
struct Streamhouse {
    static let version = "0.1.0"

    /// Not async: signals must be blocked before the runtime starts its first thread.
    static func main() {
        let waitForSignal = HostProcess.interceptSignals()
        guard HostProcess.hasSupportedProcessor else {
            fail(
                "this processor lacks AVX2 and BMI2 (x86-64-v3), which streamhouse is compiled for",
                code: 70)
        }
        do throws(CommandLineOptions.UsageError) {
            switch try CommandLineOptions.parse(Array(CommandLine.arguments.dropFirst())) {
            case .version: HostProcess.writeStandardOutput("streamhouse \(version)\n")
            case .help: HostProcess.writeStandardOutput(CommandLineOptions.usage)
            case .generate(let table, let count, let seed): generate(table, count, seed)
            case .serve(let configuration):
                Task.detached {
                    await serve(configuration, waitForSignal)
                    HostProcess.exit(0)
                }
                HostProcess.sleepForever()
            }
        } catch {
            fail(error.message, code: 64)
        }
        HostProcess.exit(0)
    }

    private static func fail(_ message: String, code: Int32) -> Never {
        HostProcess.writeStandardError("streamhouse: \(message)\n")
        HostProcess.exit(code)
    }

    private static func serve(
        _ configuration: Configuration, _ waitForSignal: @escaping @Sendable () -> Void
    ) async {
        let messages = Log(level: Log.Level(name: configuration.logLevel) ?? .info)
        do {
            let server = try await DatabaseServer(configuration, messages: messages)
            HostProcess.writeStandardOutput(server.readyLine + "\n")
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                Worker.start("signals") {
                    waitForSignal()
                    continuation.resume()
                }
            }
            messages.info("stopping")
            await server.stop()
        } catch {
            fail("\(error)", code: 1)
        }
    }

    /// Prints one stream of events 0..<count as JSON lines.
    private static func generate(_ table: String, _ count: Int64, _ seed: UInt64) {
        let generator = NexmarkGenerator(seed: seed)
        var lines: [UInt8] = []
        for event in 0..<count where NexmarkGenerator.stream(of: event).rawValue == table {
            lines += generator.json(event)
            lines.append(10)
            if lines.count > 1 << 20 {
                HostProcess.writeStandardOutput(lines)
                lines.removeAll(keepingCapacity: true)
            }
        }
        HostProcess.writeStandardOutput(lines)
    }
}
