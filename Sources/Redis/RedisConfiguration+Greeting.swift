import Diagnostics
import RESP

extension RedisConfiguration {
    /// The command of a step of signing in.
    func greeting(_ step: GreetingStateMachine.Step) -> RESPCommand {
        switch step {
        case .hello:
            var arguments: [RESPArgument] = [3]
            if let password = url.password {
                arguments += ["AUTH", .text(url.user ?? "default"), .text(password.reveal())]
            }
            return RESPCommand("HELLO", arguments + ["SETNAME", .text(clientName)])
        case .authenticate:
            let user = url.user.map { [RESPArgument.text($0)] } ?? []
            return RESPCommand("AUTH", user + [.text(url.password?.reveal() ?? "")])
        case .name: return RESPCommand("CLIENT", "SETNAME", .text(clientName))
        case .select: return RESPCommand("SELECT", .integer(Int64(url.database)))
        case .probe: return RESPCommand("PING")
        }
    }
}
