import NIOCore
import Testing

@testable import Wire

struct GatewayErrorBodyTests {
    private func written(
        _ failure: GatewayFailure, era: MCPEra = .modern, id: String? = nil, requested: String? = nil,
        _ details: GatewayErrorBody.Details = .init()
    ) -> String {
        var buffer = ByteBuffer()
        let id = id.map { Array($0.utf8) }
        let requested = requested.map { Array($0.utf8) }
        (id ?? []).withUnsafeBytes { idBytes in
            (requested ?? []).withUnsafeBytes { requestedBytes in
                var details = details
                if requested != nil { details.requestedVersion = ByteView(requestedBytes) }
                GatewayErrorBody.write(
                    failure, era: era, id: id == nil ? nil : ByteView(idBytes), details: details, into: &buffer)
            }
        }
        return String(buffer: buffer)
    }

    private func envelope(_ text: String) throws -> JSONRPCEnvelope {
        var scratch = JSONScratch(seed: 1)
        return try Array(text.utf8).withUnsafeBytes { try JSONRPCEnvelope.scan(ByteView($0), scratch: &scratch) }
    }

    @Test func `says code and text, and the id as it came`() {
        #expect(
            written(.unavailable, id: #""\u0061""#)
                == #"{"jsonrpc":"2.0","id":"\u0061","error":{"code":-31503,"message":"No backend is available"}}"#)
        #expect(
            written(.timeout, id: "9007199254740993")
                == #"{"jsonrpc":"2.0","id":9007199254740993,"error":{"code":-31504,"message":"The backend did not answer in time"}}"#
        )
    }

    @Test func `leaves out an id that is not known`() {
        #expect(
            written(.parseError)
                == #"{"jsonrpc":"2.0","error":{"code":-32700,"message":"The body is not valid JSON"}}"#)
    }

    @Test func `names all revisions that are served when one is not`() {
        #expect(
            written(.unsupportedVersion, id: "1", requested: "2027-05-01")
                == #"{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"Unsupported protocol version","#
                + #""data":{"supported":["2026-07-28","2025-11-25","2025-06-18","2025-03-26","2024-11-05"],"#
                + #""requested":"2027-05-01"}}}"#)
    }

    @Test func `says when to come back, and which pool it was about`() {
        let text = written(.unavailable, id: "1", .init(retryAfterMilliseconds: 1_500, pool: "to\"ols\n\\é"))
        #expect(
            text.hasSuffix(#""message":"No backend is available","data":{"retryAfterMs":1500,"pool":"to\"ols\n\\é"}}}"#)
        )
        #expect(written(.unavailable, .init(pool: "a")).hasSuffix(#","data":{"pool":"a"}}}"#))
        #expect(written(.rateLimited, .init(retryAfterMilliseconds: 0)).hasSuffix(#","data":{"retryAfterMs":0}}}"#))
    }

    @Test func `prefers a more precise text`() {
        #expect(
            written(.headerMismatch, .init(message: "Header mismatch: Mcp-Name is required"))
                == #"{"jsonrpc":"2.0","error":{"code":-32020,"message":"Header mismatch: Mcp-Name is required"}}"#)
    }

    @Test func `is valid JSON-RPC for every failure, in both eras, whatever is said`() throws {
        for failure in GatewayFailure.allCases {
            for era in MCPEra.allCases {
                let bare = try envelope(written(failure, era: era, id: "7"))
                #expect(bare.kind == .error)
                #expect(bare.errorCode == Int64(failure.jsonRPCCode(era)))
                #expect(bare.id != nil)
                let full = written(
                    failure, era: era, id: "\"é\"", requested: #"\ud83d\ude00"#,
                    .init(message: "x", retryAfterMilliseconds: .max, pool: "p"))
                #expect(try envelope(full).kind == .error)
            }
        }
    }

    @Test(arguments: ["x", "é", "世", "😀", #"\n"#, #"\u00e9"#, #"\ud83d\ude00"#, #"\uD83D\uDE00"#, #"\\"#, #"\""#])
    func `cuts what a client asked for without breaking a character`(character: String) throws {
        for offset in 0..<14 {
            let requested = String(repeating: "a", count: offset) + String(repeating: character, count: 70)
            let text = written(.unsupportedVersion, requested: requested)
            #expect(try envelope(text).kind == .error)
            let start = try #require(text.range(of: #""requested":""#)).upperBound
            let said = text[start...].dropLast(4)
            #expect(said.utf8.count <= 64 && said.utf8.count > 52)
            #expect(requested.hasPrefix(said))
        }
    }
}

extension String {
    /// The first place where `other` stands.
    fileprivate func range(of other: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(other) { return start..<index(start, offsetBy: other.count) }
            start = index(after: start)
        }
        return nil
    }
}
