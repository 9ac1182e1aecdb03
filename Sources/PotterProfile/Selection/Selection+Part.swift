// SPDX-License-Identifier: Apache-2.0

extension Selection {
    /// The part of `profile` that is selected. With `time`, `profile` must be of that time already
    /// (`RecordingReader.profile(during:)`), its summary that of the run.
    ///
    /// Throws a `SelectionError` if no process, thread or function of the recording is meant.
    public func part(of profile: Profile) throws -> Profile {
        guard !isEmpty else { return profile }
        let tasks = try SelectedTasks(self, profile.summary)
        let isFunctionKept = try stacksKept(in: profile)
        var part = profile
        part.weights = profile.weights.filter { weight in
            tasks.contains(weight) && keepsStackless(weight.kind) && isFunctionKept(weight)
        }
        part.part = SelectedPart(
            descriptions: descriptions, recording: profile.summary, leftOut: leftOut(of: profile.summary, tasks))
        part.summary = summary(of: part, tasks)
        return part
    }

    /// Threads and processes with what is left of their time.
    private func summary(of part: Profile, _ tasks: SelectedTasks) -> RunSummary {
        var threads: [UInt32: KindTotals] = [:], processes: [UInt32: KindTotals] = [:]
        for weight in part.weights where weight.thread != 0 {
            threads[weight.thread, default: KindTotals()].add(
                weight.kind, samples: weight.samples, weightNs: weight.weightNs)
        }
        for weight in part.weights where weight.thread == 0 {
            processes[weight.process, default: KindTotals()].add(
                weight.kind, samples: weight.samples, weightNs: weight.weightNs)
        }
        let isWhole = focus == nil && ignore == nil && time == nil
        var summary = part.summary
        summary.threads = summary.threads.filter { tasks.threads.contains($0.id) && (isWhole || threads[$0.id] != nil) }
        let shown = Set(summary.threads.map(\.process))
        summary.processes = summary.processes.filter { shown.contains($0.id) || processes[$0.id] != nil }
        for index in summary.threads.indices {
            summary.threads[index].totals = threads[summary.threads[index].id] ?? KindTotals()
            // Of its clock only the whole is known.
            if !isWhole { summary.threads[index].cpuNs = nil }
        }
        for index in summary.processes.indices {
            summary.processes[index].totals = processes[summary.processes[index].id] ?? KindTotals()
        }
        return summary
    }

    /// Of the selected threads and their processes.
    private func leftOut(of recording: RunSummary, _ tasks: SelectedTasks) -> KindTotals {
        var leftOut = KindTotals()
        func add(_ totals: KindTotals, where isLeftOut: (WeightKind) -> Bool) {
            for kind in WeightKind.allCases where totals[kind] != 0 && isLeftOut(kind) {
                leftOut.add(kind, samples: 0, weightNs: totals[kind])
            }
        }
        for thread in recording.threads where tasks.threads.contains(thread.id) {
            add(thread.totals) { !keepsStackless($0) }
        }
        for process in recording.processes where tasks.processes.contains(process.id) {
            add(process.totals) { !threads.isEmpty || !keepsStackless($0) }
        }
        return leftOut
    }

    // MARK: Functions

    private func stacksKept(in profile: Profile) throws -> (Weight) -> Bool {
        let focused = try focus.map { try stacks(through: $0, in: profile, mustExist: true) }
        let ignored = try ignore.map { try stacks(through: $0, in: profile, mustExist: false) }
        return { weight in
            let stack = Int(weight.stack)
            return (focused?[stack] ?? true) && !(ignored?[stack] ?? false)
        }
    }

    /// By stack: whether a function of it matches. A caller comes before its callees: one pass.
    private func stacks(through pattern: NamePattern, in profile: Profile, mustExist: Bool) throws -> [Bool] {
        let matching = pattern.matching(profile.functions)
        guard !mustExist || matching.contains(true) else {
            throw SelectionError("no function, module or file of the recording matches '\(pattern)'")
        }
        var through = Array(repeating: false, count: profile.stacks.count)
        for stack in through.indices.dropFirst() {
            through[stack] =
                through[Int(profile.stacks.parents[stack])]
                || profile.frames.range(at: profile.stacks.locations[stack]).contains {
                    matching[Int(profile.frames.entries[$0].function)]
                }
        }
        return through
    }
}
