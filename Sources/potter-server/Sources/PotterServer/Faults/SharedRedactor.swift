import NIOConcurrencyHelpers

/// The planted `lock`: one redactor for the whole process, protected by one mutex.
///
/// The story behind it: the list of terms became editable at run time, so somebody moved the
/// compilation of the list into the critical section "to be safe". The result is right, and all
/// plug-in threads now queue for a single one of them.
final class SharedRedactor: Sendable {
    // A pthread mutex, as in most servers, and not `Synchronization.Mutex`, which waits in a bare
    // futex call that lock profilers which interpose pthread_mutex_lock never see.
    private let lock = NIOLock()
    private let terms: [String]

    init(terms: [String]) {
        self.terms = terms
    }

    @inline(never)
    func redact(_ text: String) -> TermMatcher.Redaction {
        lock.withLock {
            TermMatcher(terms: self.terms).redact(text)
        }
    }
}
