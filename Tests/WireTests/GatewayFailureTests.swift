import Testing

@testable import Wire

struct GatewayFailureTests {
    /// What one failure looks like to a client of each era.
    struct Row: CustomTestStringConvertible, Sendable {
        var failure: GatewayFailure
        var status: Int
        var code: Int
        var legacyStatus: Int
        var legacyCode: Int

        init(_ failure: GatewayFailure, _ status: Int, _ code: Int, legacyStatus: Int? = nil, legacyCode: Int? = nil) {
            self.failure = failure
            self.status = status
            self.code = code
            self.legacyStatus = legacyStatus ?? status
            self.legacyCode = legacyCode ?? code
        }

        var testDescription: String { "\(failure)" }
    }

    static let rows = [
        Row(.badRequest, 400, -32600),
        Row(.parseError, 400, -32700),
        Row(.invalidRequest, 400, -32600),
        Row(.invalidParams, 400, -32602),
        Row(.headerMismatch, 400, -32020),
        Row(.unsupportedVersion, 400, -32022, legacyCode: -32600),
        Row(.methodNotFound, 404, -32601, legacyStatus: 200),
        Row(.unauthorized, 401, -31401),
        Row(.forbidden, 403, -31403),
        Row(.originNotAllowed, 403, -31403),
        Row(.notFound, 404, -31404),
        Row(.sessionNotFound, 404, -31404),
        Row(.methodNotAllowed, 405, -31405),
        Row(.notAcceptable, 406, -31406),
        Row(.lengthRequired, 411, -31411),
        Row(.payloadTooLarge, 413, -31413),
        Row(.uriTooLong, 414, -31414),
        Row(.unsupportedMediaType, 415, -31415),
        Row(.expectationFailed, 417, -31417),
        Row(.misdirectedRequest, 421, -31421),
        Row(.rateLimited, 429, -31429),
        Row(.headersTooLarge, 431, -31431),
        Row(.notImplemented, 501, -31501),
        Row(.httpVersionNotSupported, 505, -31505),
        Row(.badAnswer, 502, -31502),
        Row(.backendLost, 502, -31502),
        Row(.unavailable, 503, -31503),
        Row(.overloaded, 503, -31503),
        Row(.draining, 503, -31503),
        Row(.timeout, 504, -31504),
        Row(.notBridgeable, 200, -31006),
    ]

    @Test(arguments: rows) func `has one status and one code in each era`(row: Row) {
        #expect(row.failure.httpStatus(.modern) == row.status)
        #expect(row.failure.jsonRPCCode(.modern) == row.code)
        #expect(row.failure.httpStatus(.legacy) == row.legacyStatus)
        #expect(row.failure.jsonRPCCode(.legacy) == row.legacyCode)
    }

    @Test func `is covered by the table above, one row each`() {
        #expect(Self.rows.map(\.failure) == GatewayFailure.allCases)
        #expect(GatewayFailure.allCases.map { Int($0.rawValue) } == Array(0..<GatewayFailure.allCases.count))
    }

    @Test func `stays out of the ranges that are not its own`() {
        let defined = [-32700, -32600, -32601, -32602, -32020, -32022]
        for failure in GatewayFailure.allCases {
            for era in MCPEra.allCases {
                let code = failure.jsonRPCCode(era)
                #expect(defined.contains(code) || code > -32000, "\(failure)")
            }
        }
    }

    @Test func `never tells a legacy client that its session is gone but when it is`() {
        for failure in GatewayFailure.allCases where failure.httpStatus(.legacy) == 404 {
            #expect(failure == .sessionNotFound || failure == .notFound)
        }
    }

    @Test func `has labels of its own and texts that need no escapes`() {
        #expect(Set(GatewayFailure.allCases.map { "\($0.label)" }).count == GatewayFailure.allCases.count)
        for failure in GatewayFailure.allCases {
            #expect("\(failure.label)".allSatisfy { $0.isLowercase || $0 == "_" })
            let text = "\(failure.message)"
            #expect(!text.isEmpty)
            #expect(text.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C })
        }
    }

    @Test func `has a status line for each status`() {
        for failure in GatewayFailure.allCases {
            for era in MCPEra.allCases {
                let status = failure.httpStatus(era)
                #expect(HTTPStatus.line(status)?.description.hasPrefix("HTTP/1.1 \(status) ") == true)
            }
        }
    }
}
