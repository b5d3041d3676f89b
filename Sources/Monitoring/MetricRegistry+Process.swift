import CoreMetrics

extension MetricRegistry {
    /// The registry of this process: with its CPU time, memory and descriptors, and behind swift-metrics for libraries.
    ///
    /// Made with the first use; swift-metrics can be given a place to count in once only.
    public static let process: MetricRegistry = {
        let registry = MetricRegistry()
        ProcessMetrics.add(to: registry)
        MetricsSystem.bootstrap(RegistryFactory(registry))
        return registry
    }()
}
