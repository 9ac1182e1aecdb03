// SPDX-License-Identifier: Apache-2.0
import CPotterSys
import CPotterWire
import Glibc
import PotterProfile
import PotterRecording

/// A limit of this process (ulimit -v, -d, -f) or a full memory leaves no room for what recording needs. The command
/// then runs as if potter-prof were not there.
struct NoRoom: Error, CustomStringConvertible {
    let description: String

    /// Why a program under this process's limits would be changed by the recorder's memory in it; nil: it would not.
    /// The recorder has the same rule for children: address_space_linux.c.
    static func forRecorder() -> String? {
        if limit(RLIMIT_AS) < pp_least_address_space() {
            return "its address space is limited (ulimit -v) to less than \(pp_least_address_space() >> 20) MiB"
        }
        if limit(RLIMIT_DATA) < pp_least_data() {
            return "its data is limited (ulimit -d) to less than \(pp_least_data() >> 20) MiB"
        }
        return nil
    }

    /// The soft limit, in bytes.
    static func limit(_ resource: __rlimit_resource) -> UInt64 {
        var limit = rlimit()
        return getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 ? UInt64(limit.rlim_cur) : .max
    }
}

extension RecordRun {
    /// Records, or becomes the command where there is no room to record.
    public static func record(_ options: RecordOptions) throws -> Int32 {
        let launch = try CommandLaunch(command: options.command)
        do {
            return try RecordRun(options, launch: launch).run()
        } catch let error as NoRoom {
            let reason = "\(options.command[0].text) runs unrecorded: \(error)"
            // Said where no recording can say it, or nobody asked for silence.
            if !nameUnrecorded(options) || !options.quiet { say(reason) }
            return try launch.becomeCommand()
        }
    }

    /// A recording that names the command and holds nothing else. False: not even that can be written.
    private static func nameUnrecorded(_ options: RecordOptions) -> Bool {
        do {
            let settings = try SamplingSettings(options)
            let writer = try RecordingWriter(path: options.output, run: describe(options, settings))
            try writer.setQuality("images.foreign", 1)
            try writer.setQuality("images.foreign:\(options.command[0].text)", 1)
            writer.updateRun { $0.endNs = $0.startNs }
            try writer.finish()
            return true
        } catch {
            return false
        }
    }
}
