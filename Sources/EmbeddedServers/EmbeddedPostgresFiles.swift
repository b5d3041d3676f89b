import Processes

/// The configuration files of the embedded PostgreSQL server.
enum EmbeddedPostgresFiles {
    /// `postgresql.conf`: written anew at each start; settings of one's own go into `local.conf` beside it.
    static func settings(sockets: String, port: UInt16, tuning: [String: String]) -> String {
        let fixed = [
            "listen_addresses": "127.0.0.1",
            "port": String(port),
            "unix_socket_directories": sockets,
            "unix_socket_permissions": "0700",
            "password_encryption": "scram-sha-256",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "lc_messages": "C",
            "log_line_prefix": "%m [%p] %q%u@%d ",
            // Logs hold no values of rows.
            "log_parameter_max_length": "0",
            "log_parameter_max_length_on_error": "0",
        ]
        return """
            # Written by cortex up at each start. Settings of your own go into local.conf beside this file.
            \(PostgresSettingsFile.render(tuning.merging(fixed) { $1 }))include_if_exists = 'local.conf'

            """
    }

    /// `pg_hba.conf`: a SCRAM password for everybody, through the socket or 127.0.0.1.
    static let rules = """
        # Written by cortex up at each start.
        local   all          all                scram-sha-256
        local   replication  all                scram-sha-256
        host    all          all  127.0.0.1/32  scram-sha-256
        host    replication  all  127.0.0.1/32  scram-sha-256

        """
}
