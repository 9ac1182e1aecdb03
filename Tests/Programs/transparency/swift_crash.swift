// SPDX-License-Identifier: Apache-2.0
// part of swift_crash.sh
import Dispatch
import Glibc

func work(_ n: Int) -> Int { (0..<n).reduce(1) { ($0 &* 1_103_515_245 &+ 12345 &+ $1) & 0xffff } }

@Sendable func index(_ list: [Int], _ at: Int) -> Int { list[at] }

let group = DispatchGroup()
for i in 0..<8 { DispatchQueue.global().async(group: group) { _ = work(400_000 + i) } }
group.wait()
print("queues done")
let source = DispatchSource.makeSignalSource(signal: SIGUSR1, queue: .global())
signal(SIGUSR1, SIG_IGN)
let got = DispatchSemaphore(value: 0)
source.setEventHandler { got.signal() }
source.resume()
repeat { kill(getpid(), SIGUSR1) } while got.wait(timeout: .now() + 0.1) == .timedOut  // it listens soon
print("signal came")
fflush(stdout)
if CommandLine.arguments.count > 1 { print(index([1, 2, 3], CommandLine.arguments.count + 5)) }
exit(3)
