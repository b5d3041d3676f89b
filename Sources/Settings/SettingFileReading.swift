#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Reads a small text file whole: `cortex.yaml`, or a file that holds a secret.
///
/// Throws the file system's error.
public func readSettingFile(_ path: String) throws -> String {
    try String(contentsOfFile: path, encoding: .utf8)
}
