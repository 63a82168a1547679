import CLibFuzzer
import Wire

/// Runs one fuzz target: `Fuzz TARGET [libFuzzer's arguments]`; without a target, lists them.
@main
enum Fuzz {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count > 1 else {
            for target in FuzzTarget.allCases { print(target.rawValue) }
            return
        }
        guard let target = FuzzTarget(rawValue: arguments[1]) else {
            fatalError("no fuzz target is called \(arguments[1])")
        }
        // libFuzzer reads its arguments behind a program name, for which the target's stands.
        var count = CommandLine.argc - 1
        var values: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv + 1
        selected = target
        _ = LLVMFuzzerRunDriver(&count, &values) { data, count in
            Fuzz.selected.run(ByteView(UnsafeRawBufferPointer(start: data, count: count)))
            return 0
        }
    }

    // The fuzzer calls back on the main thread only, and a C function cannot carry a context.
    nonisolated(unsafe) private static var selected = FuzzTarget.httpRequest
}
