package import NIOCore
package import Wire

/// What can be a word of a command.
package protocol RedisArgument {
    /// Appends the word.
    func append(to command: inout RESPCommand)
}

extension String: RedisArgument {
    package func append(to command: inout RESPCommand) { command.append(self) }
}

extension ByteBuffer: RedisArgument {
    package func append(to command: inout RESPCommand) { command.append(self) }
}

extension ByteView: RedisArgument {
    package func append(to command: inout RESPCommand) { command.append(self) }
}

extension [UInt8]: RedisArgument {
    package func append(to command: inout RESPCommand) { command.append(self) }
}

extension Int: RedisArgument {
    package func append(to command: inout RESPCommand) { command.append(self) }
}
