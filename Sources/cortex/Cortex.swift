import Commands

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The program: everything it does is in the module `Commands`.
@main
enum Cortex {
    static func main() async {
        exit(await CortexTool.main())
    }
}
