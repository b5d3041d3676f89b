import Diagnostics
import Processes

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension EmbeddedStack {
    /// Looks for everything that can keep the stack from working; changes nothing.
    ///
    /// Always the same checks in the same order: `postgresql`, `redis`, `user`, `home`, `disk`, `placement`,
    /// `ports`, `pid`, `servers`, `clock`, `files`.
    public func diagnose() async -> [DoctorCheck] {
        var checks = [await postgresCheck(), await redisCheck(), userCheck(), homeCheck(), diskCheck()]
        checks += [
            await placementCheck(), portsCheck(), await pidCheck(), await serversCheck(), clockCheck(), filesCheck(),
        ]
        return checks
    }

    private func failed(_ name: String, _ error: any Error) -> DoctorCheck {
        guard let known = error as? any CortexError else { return DoctorCheck(name, .fail, "\(error)") }
        return DoctorCheck(name, .fail, known.description, fix: known.hint)
    }

    private func postgresCheck() async -> DoctorCheck {
        do {
            let found = try await PostgresInstallation.choose(configuration.search)
            return DoctorCheck("postgresql", .ok, "PostgreSQL \(found.version) in \(found.binDirectory)")
        } catch {
            return failed("postgresql", error)
        }
    }

    private func redisCheck() async -> DoctorCheck {
        do {
            let found = try await RedisInstallation.choose(configuration.search)
            return DoctorCheck("redis", .ok, "Redis \(found.version) at \(found.server)")
        } catch {
            return failed("redis", error)
        }
    }

    private func userCheck() -> DoctorCheck {
        do {
            let account = try ServerAccount.resolve()
            let isOther = account != Account.current
            return DoctorCheck("user", .ok, isOther ? "root; the servers run as \(account.name)" : account.name)
        } catch {
            return failed("user", error)
        }
    }

    /// The home, or the nearest directory above it that exists.
    private var nearestDirectory: String {
        var candidate = home.path
        while !Directory.exists(candidate), candidate != "/" { candidate = Directory.parent(of: candidate) }
        return candidate
    }

    private func homeCheck() -> DoctorCheck {
        let place = nearestDirectory
        guard Directory.isDirectory(place) else {
            return DoctorCheck("home", .fail, "\(place) is a file", fix: "Set CORTEX_HOME to a directory.")
        }
        guard access(place, W_OK | X_OK) == 0 else {
            return DoctorCheck(
                "home",
                .fail,
                "\(place) cannot be written by this user",
                fix: "Set CORTEX_HOME to a directory of yours, or change the permissions of \(place)."
            )
        }
        if Directory.exists(home.secrets), Directory.mode(of: home.secrets) != 0o700 {
            return DoctorCheck(
                "home",
                .warn,
                "\(home.secrets) can be entered by others",
                fix: "chmod 700 \(home.secrets)"
            )
        }
        let isNew = !Directory.exists(home.marker)
        return DoctorCheck("home", .ok, isNew ? "\(home.path), will be made" : home.path)
    }

    private func diskCheck() -> DoctorCheck {
        guard let free = Directory.freeBytes(at: nearestDirectory) else {
            return DoctorCheck("disk", .warn, "the free space at \(nearestDirectory) is unknown")
        }
        let message = "\(free >> 20) MB free at \(nearestDirectory)"
        let fix = "Free space there, or set CORTEX_HOME to another file system."
        if free < 200 << 20 { return DoctorCheck("disk", .fail, message, fix: fix) }
        if free < 2 << 30 { return DoctorCheck("disk", .warn, message, fix: fix) }
        return DoctorCheck("disk", .ok, message)
    }

    private func placementCheck() async -> DoctorCheck {
        do {
            let placement = try await Placement.of(home, account: try ServerAccount.resolve())
            guard placement.notes.isEmpty else {
                return DoctorCheck("placement", .warn, placement.notes.joined(separator: " "))
            }
            return DoctorCheck("placement", .ok, "data in \(placement.data), sockets in \(placement.sockets)")
        } catch {
            return failed("placement", error)
        }
    }

    private func portsCheck() -> DoctorCheck {
        guard FreePort.isFree(0) else {
            return DoctorCheck("ports", .fail, "no port of 127.0.0.1 can be listened on", fix: "Bring the loopback up.")
        }
        let asked = [configuration.postgresPort, configuration.redisPort].compactMap(\.self)
        let taken = asked.filter { !FreePort.isFree($0) && !isOurs($0) }
        guard taken.isEmpty else {
            let list = taken.map(String.init).joined(separator: ", ")
            return DoctorCheck(
                "ports",
                .fail,
                "another program listens on \(list)",
                fix: "Stop that program, choose another port, or leave the choice to cortex."
            )
        }
        return DoctorCheck("ports", .ok, asked.isEmpty ? "chosen by the kernel" : "free or ours")
    }

    /// Whether the port is the recorded one of this home's servers.
    private func isOurs(_ port: UInt16) -> Bool {
        ["postgres", "redis"].contains { name in
            // Without a readable record the port is nobody's.
            ((try? SmallFile.readText("\(home.run)/\(name).port")) ?? nil) == String(port)
        }
    }

    private func pidCheck() async -> DoctorCheck {
        guard Directory.exists(home.marker) else { return DoctorCheck("pid", .ok, "never started") }
        do {
            let placement = try await placementForStopping(ServerAccount.resolve())
            let cluster = PostgresCluster.withoutPrograms(
                placement,
                try ServerAccount.resolve(),
                log: "\(home.logs)/postgres.log"
            )
            guard let file = cluster.pidFile, cluster.runningServer == nil else {
                return DoctorCheck(
                    "pid",
                    .ok,
                    cluster.runningServer.map { "PostgreSQL is process \($0)" } ?? "no server runs"
                )
            }
            let use = ProcessTable.isRunning(file.pid) ? "now another program's" : "gone"
            return DoctorCheck(
                "pid",
                .warn,
                "PostgreSQL did not stop in order: its process \(file.pid) is \(use)",
                fix: "cortex up repairs this; look for the reason in \(cluster.log)."
            )
        } catch {
            return failed("pid", error)
        }
    }

    private func serversCheck() async -> DoctorCheck {
        do {
            let status = try await status()
            let states = "PostgreSQL \(status.postgres.state.rawValue), Redis \(status.redis.state.rawValue)"
            if [status.postgres.state, status.redis.state].contains(.unreachable) {
                return DoctorCheck(
                    "servers",
                    .fail,
                    states,
                    fix: "Look at the logs in \(home.logs), then cortex down and up."
                )
            }
            let isUp = status.postgres.state == .running && status.redis.state == .running
            return DoctorCheck("servers", isUp ? .ok : .warn, states, fix: isUp ? nil : "cortex up")
        } catch {
            return failed("servers", error)
        }
    }

    private func clockCheck() -> DoctorCheck {
        // A machine that came up without its clock believes in a year before this program was written.
        let isPlausible = time(nil) > 1_750_000_000
        guard !isPlausible else { return DoctorCheck("clock", .ok, "plausible") }
        return DoctorCheck("clock", .fail, "the clock is years behind", fix: "Set the clock, or start a time service.")
    }

    private func filesCheck() -> DoctorCheck {
        var limit = rlimit()
        #if canImport(Glibc)
        let result = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #else
        let result = getrlimit(RLIMIT_NOFILE, &limit)
        #endif
        guard result == 0 else { return DoctorCheck("files", .warn, "the limit of open files is unknown") }
        let message = "\(limit.rlim_cur) open files per process"
        guard limit.rlim_cur < 1_024 else { return DoctorCheck("files", .ok, message) }
        return DoctorCheck("files", .warn, message, fix: "ulimit -n 4096")
    }
}
