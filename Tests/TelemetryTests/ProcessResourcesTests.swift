import Foundation
import Testing

@testable import Telemetry

@Suite struct `Process resources` {
    /// A `/proc/PID` and control groups of a test's own.
    private struct Tree {
        let directory: TemporaryDirectory

        init(_ files: [String: String]) throws {
            directory = try TemporaryDirectory()
            for (name, text) in files {
                let url = URL(filePath: directory.path(name))
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: url)
            }
        }

        var resources: ProcessResources {
            ProcessResources(process: directory.path("proc"), controlGroups: directory.path("cgroup"))
        }
    }

    @Test func `tells what a unified control group uses, without files that can be dropped`() throws {
        let tree = try Tree([
            "proc/cgroup": "0::/box/one\n", "cgroup/box/one/memory.max": "1000\n",
            "cgroup/box/one/memory.current": "900\n", "cgroup/box/one/memory.stat": "anon 500\ninactive_file 300\n",
            "cgroup/box/memory.max": "max\n", "cgroup/box/memory.current": "5000\n",
        ])
        #expect(tree.resources.memoryOfControlGroup() == ProcessResources.Use(used: 600, limit: 1_000))
    }

    @Test func `goes by the group that is nearest to its limit`() throws {
        let tree = try Tree([
            "proc/cgroup": "0::/box/one\n", "cgroup/box/one/memory.max": "1000\n",
            "cgroup/box/one/memory.current": "400\n", "cgroup/box/one/memory.stat": "inactive_file 300\n",
            "cgroup/box/memory.max": "2000\n",
            "cgroup/box/memory.current": "1900\n",
        ])
        #expect(tree.resources.memoryOfControlGroup() == ProcessResources.Use(used: 1_900, limit: 2_000))
    }

    @Test func `finds the group where the path is that of another mount`() throws {
        let tree = try Tree([
            "proc/cgroup": "0::/../../elsewhere\n", "cgroup/memory.max": "1000", "cgroup/memory.current": "10",
        ])
        #expect(tree.resources.memoryOfControlGroup() == ProcessResources.Use(used: 10, limit: 1_000))
    }

    @Test func `reads the first version, too`() throws {
        let tree = try Tree([
            "proc/cgroup": "4:cpu,memory:/box\n1:cpu:/\n0::/\n",
            "cgroup/memory/box/memory.usage_in_bytes": "800\n",
            "cgroup/memory/box/memory.stat": "hierarchical_memory_limit 1000\ntotal_inactive_file 50\n",
        ])
        #expect(tree.resources.memoryOfControlGroup() == ProcessResources.Use(used: 750, limit: 1_000))
    }

    @Test(arguments: [
        [:], ["proc/cgroup": ""], ["proc/cgroup": "nonsense\n::\n"],
        ["proc/cgroup": "0::/box\n", "cgroup/box/memory.max": "max", "cgroup/box/memory.current": "1"],
        ["proc/cgroup": "0::/box\n", "cgroup/box/memory.max": "0", "cgroup/box/memory.current": "1"],
        ["proc/cgroup": "0::/box\n", "cgroup/box/memory.max": "99999999999999999999"],
        [
            "proc/cgroup": "4:memory:/\n", "cgroup/memory/memory.usage_in_bytes": "800",
            "cgroup/memory/memory.stat": "hierarchical_memory_limit 9223372036854771712\n",
        ],
    ])
    func `knows of no limit where there is none, or none to be read`(files: [String: String]) throws {
        #expect(try Tree(files).resources.memoryOfControlGroup() == nil)
    }

    @Test func `tells the memory and the descriptors of this process`() throws {
        let resources = ProcessResources()
        let bytes = try #require(resources.residentBytes())
        #expect(bytes > 1 << 20 && bytes < 1 << 40)
        let use = try #require(resources.descriptors())
        #expect(use.used > 2 && use.used < use.limit && use.share < 1)
    }

    @Test func `gives freed memory back to the system`() throws {
        let resources = ProcessResources()
        // Pieces below what the allocator asks the system for one by one, the last of which is kept.
        var pieces = (0..<1_024).map { _ in [UInt8](repeating: 1, count: 65_000) }
        let full = try #require(resources.residentBytes())
        pieces.removeFirst(1_023)
        FreedMemory.giveBack()
        let left = try #require(resources.residentBytes())
        #expect(pieces.count == 1)
        #expect(full - left > 32 << 20)
    }
}
