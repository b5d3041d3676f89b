extension PublishedView: ViewPublisher {
    /// Brings the view up to what PostgreSQL has, under the relay's number.
    public func advance(fence: Int, epoch: Int) async throws {
        try await advance(ViewOffice(epoch: epoch, fence: fence))
    }
}
