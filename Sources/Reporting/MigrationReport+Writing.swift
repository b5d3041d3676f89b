import Diagnostics

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension MigrationReport {
    /// Writes both files into a folder, which is made where it is missing, and returns the path of the Markdown one.
    ///
    /// Each file appears whole or not at all. Throws `file.cannot_write`.
    public func write(toDirectory directory: String) throws(ReportingError) -> String {
        let json = try json()
        let path = directory + "/" + ReportFileName.markdown
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try Data(json.utf8).write(to: URL(filePath: directory + "/" + ReportFileName.json), options: .atomic)
            try Data(markdown.utf8).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw ReportingError(
                .cannotWrite,
                "cannot write the report to \(directory)",
                hint: "Free some space or make the folder writable; the run itself is not affected.",
                cause: error
            )
        }
        return path
    }
}
