/// The defects that can be switched on with `--fault`.
///
/// Each one has exactly one guilty function, never inlined, so that a test of a profiler can ask
/// "did it name the function?" and read the answer from `potter-server --list-faults`.
enum Fault: String, CaseIterable, Sendable {
    case hotLoop = "hot-loop"
    case lock

    /// The function to blame, without its module, as a demangled symbol shows it.
    var guiltyFunction: String {
        switch self {
        case .hotLoop: "TextProcessor.removeDuplicateWords(_:)"
        case .lock: "SharedRedactor.redact(_:)"
        }
    }

    /// What a profile shows, in one line.
    var symptom: String {
        switch self {
        case .hotLoop:
            "CPU: most samples are in a quadratic loop over the words of the retrieved documents"
        case .lock:
            "wall clock: the plug-in threads wait for one mutex, its holder is the only one on a CPU"
        }
    }
}
