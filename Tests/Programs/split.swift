// SPDX-License-Identifier: Apache-2.0
// split.c in Swift: methods of a class, one of them generic. Prints the same lines.
import Glibc

func now() -> Double {
    var t = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t)
    return Double(t.tv_sec) + Double(t.tv_nsec) * 1e-9
}

final class Mixer {
    var sink: UInt64 = 1

    @inline(never)
    func mix(_ start: UInt64, rounds: UInt64) -> UInt64 {
        var x = start
        for i in 0..<rounds { x = (x ^ (x >> 31)) &* 0x9e37_79b9_7f4a_7c15 &+ i }
        return x
    }

    @inline(never)
    func hot70(rounds: UInt64) {
        sink = sink &+ mix(sink, rounds: rounds)
    }

    @inline(never)
    func hot30<Number: BinaryInteger>(rounds: Number) {
        sink ^= mix(sink, rounds: UInt64(rounds))
    }
}

@main
struct Split {
    static func main() {
        let seconds = CommandLine.arguments.count > 1 ? Double(CommandLine.arguments[1]) ?? 1 : 1
        let mixer = Mixer()
        var (a, b, seed) = (0.0, 0.0, UInt32(1))
        var t = now()
        let end = t + seconds
        while t < end {
            seed = seed &* 1_664_525 &+ 1_013_904_223
            let scale = 10000 + UInt64(seed >> 18)
            mixer.hot70(rounds: scale * 7)
            let u = now()
            mixer.hot30(rounds: scale * 3)
            let v = now()
            a += u - t
            b += v - u
            t = v
        }
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let microseconds = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec
        let cpu = Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + Double(microseconds) * 1e-6
        print("hot70 \(rounded(a / (a + b)))\nhot30 \(rounded(b / (a + b)))\ncpu \(rounded(cpu))")
    }

    static func rounded(_ value: Double) -> Double { (value * 10000).rounded() / 10000 }
}
