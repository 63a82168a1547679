import Testing
import Wire

@Suite struct HTTPFieldNameTests {
    private static let known: [(String, HTTPFieldName)] = [
        ("host", .host), ("content-length", .contentLength), ("transfer-encoding", .transferEncoding),
        ("connection", .connection), ("expect", .expect), ("content-type", .contentType),
        ("content-encoding", .contentEncoding), ("accept", .accept), ("accept-encoding", .acceptEncoding),
        ("authorization", .authorization), ("origin", .origin), ("mcp-protocol-version", .mcpProtocolVersion),
        ("mcp-method", .mcpMethod), ("mcp-name", .mcpName), ("mcp-session-id", .mcpSessionID),
        ("last-event-id", .lastEventID), ("upgrade", .upgrade), ("http2-settings", .upgrade), ("keep-alive", .hopByHop),
        ("te", .hopByHop), ("trailer", .hopByHop), ("proxy-authorization", .hopByHop), ("proxy-connection", .hopByHop),
        ("proxy-authenticate", .hopByHop), ("forwarded", .forwarding), ("x-forwarded-for", .forwarding),
        ("x-forwarded-proto", .forwarding), ("x-forwarded-host", .forwarding), ("x-real-ip", .forwarding),
        ("x-gateway-pool", .forwarding), ("cookie", .cookie), ("set-cookie", .cookie),
        ("www-authenticate", .wwwAuthenticate), ("date", .date), ("server", .server), ("retry-after", .retryAfter),
        ("traceparent", .traceParent), ("tracestate", .traceState),
    ]

    private func recognize(_ name: [UInt8]) -> HTTPFieldName {
        name.withUnsafeBytes { HTTPFieldName(ByteView($0)) }
    }

    @Test func `knows a name for every case`() {
        let cases = Set(HTTPFieldNameTests.known.map(\.1))
        #expect(cases.union([.other]) == Set(HTTPFieldName.allCases))
    }

    @Test func `recognizes names in any case`() {
        for (name, expected) in HTTPFieldNameTests.known {
            let mixed = name.utf8.enumerated().map { index, byte in
                index % 2 == 0 && byte >= 0x61 && byte <= 0x7A ? byte - 0x20 : byte
            }
            for spelling in [Array(name.utf8), Array(name.uppercased().utf8), mixed] {
                #expect(recognize(spelling) == expected, "\(String(decoding: spelling, as: UTF8.self))")
            }
        }
    }

    @Test func `recognizes nothing that differs in one token character`() {
        let others = Array("!#$%&'*+.^_`|~-0aZ".utf8)
        for (name, expected) in HTTPFieldNameTests.known {
            let bytes = Array(name.utf8)
            for index in bytes.indices {
                for other in others where other | 0x20 != bytes[index] || other == 0x5F {
                    var changed = bytes
                    changed[index] = other
                    let found = recognize(changed)
                    // Names that are known by their beginning stay known whatever follows it.
                    let isPrefixed = ["proxy-", "x-forwarded-", "x-gateway-"].contains {
                        name.hasPrefix($0) && index >= $0.utf8.count
                    }
                    #expect(found == (isPrefixed ? expected : .other), "\(String(decoding: changed, as: UTF8.self))")
                }
            }
        }
    }

    @Test(arguments: [
        "", "h", "hos", "hosts", "x-forwarded", "x-forwarde-for", "xx-forwarded-for", "proxy", "proxyx", "x-gateway",
        "content-length-", "content_length", "transfer_encoding", "mcp-session-ids", "mcp_name", "x-mcp-name",
    ])
    func `takes other names for others`(_ name: String) {
        #expect(recognize(Array(name.utf8)) == .other)
    }
}

@Suite struct HTTPFieldsTests {
    private func fields(_ lines: String) throws -> (HTTPFields, [UInt8]) {
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n".utf8)
        var parser = HTTPHeadParser(.request)
        _ = try bytes.withUnsafeBytes { try parser.parse(ByteView($0)) }
        return (parser.request.fields, bytes)
    }

    @Test func `marks the second of a known name and finds the first`() throws {
        let (fields, bytes) = try fields("Origin: a\r\nOther: x\r\nORIGIN: b\r\nother: y\r\nAccept: c\r\n")
        #expect(fields.isRepeated(.origin))
        #expect(!fields.isRepeated(.accept) && !fields.isRepeated(.host) && !fields.isRepeated(.other))
        #expect(fields.all.map(\.isRepeated) == [false, false, false, true, false, false])
        #expect(bytes.withUnsafeBytes { raw in fields[.origin].map { ByteView(raw)[$0].string } } == "a")
        #expect(fields[.other] == nil)
        #expect(fields[.contentType] == nil)
    }

    @Test func `finds a field at any position up to the limit`() throws {
        let (fields, bytes) = try fields(String(repeating: "X: y\r\n", count: 98) + "Accept: last\r\n")
        #expect(fields.all.count == 100)
        #expect(bytes.withUnsafeBytes { raw in fields[.accept].map { ByteView(raw)[$0].string } } == "last")
    }
}
