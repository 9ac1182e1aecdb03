// SPDX-License-Identifier: Apache-2.0
// Ten objects that keep themselves alive, each with a weak observer that the program holds.
final class Session {
    var onClose: (() -> Void)?
    var payload = [UInt8](repeating: 1, count: 8000)
    func start() { onClose = { self.payload.removeAll() } }
}
final class Observer { weak var session: Session?; init(_ session: Session) { self.session = session } }

nonisolated(unsafe) var observers: [Observer] = []

onEndedThread {
    for _ in 0..<10 {
        let session = Session()
        session.start()
        observers.append(Observer(session))
        planted("weakly-observed-cycle", session, "observed.Session")
    }
}
wipeStack()
