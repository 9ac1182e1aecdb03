import Foundation
import NIOCore

/// Why the service cannot run, in words for the person who started it.
struct StartFailure: Error, CustomStringConvertible {
    var description: String

    init(cannotListenOn host: String, port: Int, because error: any Error) {
        let address = "\(host):\(port)"
        if let error = error as? IOError {
            let hint = error.errnoCode == EADDRINUSE ? "; --port 0 takes any free port" : ""
            description = "cannot listen on \(address): \(String(cString: strerror(error.errnoCode)))\(hint)"
        } else {
            description = "cannot serve on \(address): \(error)"
        }
    }

    init(cannotRead file: String) {
        description = "cannot read the configuration file \(file)"
    }

    init(cannotOpenDatabase path: String, because error: any Error) {
        description = "cannot open the database \(path): \(error)"
    }
}
