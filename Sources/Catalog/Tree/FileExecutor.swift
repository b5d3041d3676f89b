import Dispatch

/// Runs an actor on a queue of its own: reading and writing files blocks, and must not block others.
final class FileExecutor: SerialExecutor {
    private let queue = DispatchQueue(label: "cortex.catalog.files")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedSerialExecutor()
        queue.async { job.runSynchronously(on: executor) }
    }
}
