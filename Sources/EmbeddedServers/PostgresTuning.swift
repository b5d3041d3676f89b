/// The settings of the embedded PostgreSQL server that follow from the machine.
enum PostgresTuning {
    /// Tuning for so many bytes of memory and processors; `sharedMemoryBytes` is the room in `/dev/shm`, nil where there is
    /// none.
    ///
    /// From 2 GiB on: shared_buffers 256 MB, effective_cache_size 1 GB, work_mem 8 MB. Below that an eighth, half and a
    /// 256th of the memory, since the program and Redis live on the same machine. 120 sessions, so that 100 outside
    /// clients fit beside our own pools. A load makes two indexes at a time: helpers of those are for further processors.
    static func settings(memory: Int64, sharedMemoryBytes: Int64?, processors: Int) -> [String: String] {
        let mebibyte: Int64 = 1 << 20
        func share(_ divisor: Int64, from least: Int64, to most: Int64) -> String {
            "\(min(max(memory / divisor / mebibyte, least), most))MB"
        }
        var settings = [
            "max_connections": "120",
            "shared_buffers": share(8, from: 32, to: 256),
            "effective_cache_size": share(2, from: 64, to: 1_024),
            "work_mem": share(256, from: 1, to: 8),
            "maintenance_work_mem": share(32, from: 16, to: 64),
            "max_parallel_maintenance_workers": "\(min(max(processors / 2 - 1, 0), 2))",
            "wal_compression": "on",
            "min_wal_size": "80MB",
            "max_wal_size": share(2, from: 256, to: 1_024),
            "checkpoint_completion_target": "0.9",
            "random_page_cost": "1.1",
        ]
        // Containers often have 64 MB there, which parallel queries overrun.
        if (sharedMemoryBytes ?? 0) < 256 * mebibyte { settings["dynamic_shared_memory_type"] = "mmap" }
        return settings
    }
}
