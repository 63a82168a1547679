import NIOCore
import Wire

extension ByteBuffer {
    /// Appends `"name":…,"title":…,"description":…`, which everything that is listed has; titles since 2025-06-18.
    mutating func writeNaming(_ name: String, _ title: String?, _ description: String, _ version: MCPProtocolVersion) {
        writeStaticString("\"name\":")
        writeJSONString(name)
        if let title, version >= .v2025_06_18 {
            writeStaticString(",\"title\":")
            writeJSONString(title)
        }
        writeStaticString(",\"description\":")
        writeJSONString(description)
    }
}
