import Testing
import Wire

@testable import Gateway

@Suite struct `Cache verdict` {
    private static let tool = CacheRule(lifetime: .seconds(300), isRepeatable: true)

    private func verdict(
        _ answer: String, to method: MCPMethod = .toolsList, params: String = "{}", rule: CacheRule = CacheRule(),
        hasIdentity: Bool = true
    ) throws -> CacheVerdict {
        let call = try ScannedMessage(method: method, params: params)
        let answer = try ScannedMessage(answer)
        return answer.withView { view in
            CacheVerdict(
                answer.envelope, in: view, to: call.envelope, method: method, rule: rule,
                hasIdentity: hasIdentity)
        }
    }

    private static func result(_ members: String) -> String { #"{"jsonrpc":"2.0","id":1,"result":{\#(members)}}"# }

    @Test func `keeps the results of the six methods that have hints, and no others`() throws {
        let answer = Self.result(#""resultType":"complete","ttlMs":1000,"cacheScope":"private""#)
        let cacheable: Set<MCPMethod> = [
            .serverDiscover, .toolsList, .promptsList, .resourcesList, .resourcesTemplatesList, .resourcesRead,
        ]
        for method in MCPMethod.allCases where method != .unknown {
            let expected: CacheVerdict =
                cacheable.contains(method)
                ? .keep(timeToLive: .seconds(1), isForEveryone: false) : .refuse(.method)
            #expect(try verdict(answer, to: method) == expected)
        }
    }

    /// Members of the result; for how many milliseconds it is kept, 0 for not at all; whether for everyone.
    @Test(
        arguments: [
            (#""ttlMs":1000,"cacheScope":"public""#, 1_000, true),
            (#""ttlMs":1000,"cacheScope":"private""#, 1_000, false),
            (#""ttlMs":1000"#, 1_000, false),
            (#""ttlMs":1000,"cacheScope":null"#, 1_000, false),
            (#""ttlMs":1000,"cacheScope":"Public""#, 1_000, false),
            (#""ttlMs":1000,"cacheScope":"public ""#, 1_000, false),
            (#""ttlMs":1000,"cacheScope":["public"]"#, 1_000, false),
            (#""ttlMs":1000,"cacheScope":"p\u0075blic""#, 1_000, true),
            (#""ttl\u004ds":1000,"cacheScope":"public""#, 1_000, true),
            (#""ttlMs":1"#, 1, false),
            (#""ttlMs":1.0"#, 1, false),
            (#""ttlMs":1e3"#, 1_000, false),
            (#""ttlMs":9223372036854775807"#, .max, false),
            (#""ttlMs":9223372036854775808"#, 0, false),
            (#""ttlMs":1e400"#, 0, false),
            (#""ttlMs":0"#, 0, false),
            (#""ttlMs":-0"#, 0, false),
            (#""ttlMs":-1"#, 0, false),
            (#""ttlMs":0.5"#, 0, false),
            (#""ttlMs":1000.5"#, 0, false),
            (#""ttlMs":"1000""#, 0, false),
            (#""ttlMs":null"#, 0, false),
            (#""ttlMs":true"#, 0, false),
            (#""ttlMs":[1000]"#, 0, false),
            (#""ttlms":1000"#, 0, false),
            (#""tools":[{"ttlMs":1000}]"#, 0, false),
            (#""_meta":{"ttlMs":1000}"#, 0, false),
            ("", 0, false),
        ] as [(String, Int64, Bool)])
    func `reads the hints`(members: String, milliseconds: Int64, isPublic: Bool) throws {
        let answer = Self.result(#""resultType":"complete","n":[]"# + (members.isEmpty ? "" : ",") + members)
        let expected: CacheVerdict =
            milliseconds == 0
            ? .refuse(.noTimeToLive)
            : .keep(timeToLive: .milliseconds(milliseconds), isForEveryone: isPublic)
        #expect(try verdict(answer) == expected)
        // Who has no identity is served what is for everyone only.
        let unknown: CacheVerdict = milliseconds > 0 && !isPublic ? .refuse(.noIdentity) : expected
        #expect(try verdict(answer, hasIdentity: false) == unknown)
    }

    @Test(
        arguments: [
            (#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}"#, .noResult),
            (#"{"jsonrpc":"2.0","id":1,"result":[]}"#, .noResult),
            (#"{"jsonrpc":"2.0","id":1,"result":null}"#, .noResult),
            (#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, .noResult),
            (result(#""resultType":"input_required","ttlMs":1000,"requestState":"x""#), .incomplete),
            (result(#""resultType":"task","ttlMs":1000"#), .incomplete),
            (result(#""resultType":null,"ttlMs":1000"#), .incomplete),
            (result(#""resultType":["complete"],"ttlMs":1000"#), .incomplete),
            (result(#""resultType":"complete","ttlMs":1000,"isError":true"#), .toolError),
            (result(#""resultType":"complete","ttlMs":1000,"isError":"false""#), .toolError),
            (result(#""resultType":"complete","ttlMs":1000,"isError":1"#), .toolError),
            // Not a result of the revision that has hints.
            (result(#""ttlMs":1000,"cacheScope":"public""#), .noTimeToLive),
        ] as [(String, CacheVerdict.Reason)])
    func `refuses what is no complete result`(answer: String, reason: CacheVerdict.Reason) throws {
        #expect(try verdict(answer) == .refuse(reason))
    }

    @Test(arguments: [
        #"{"inputResponses":{}}"#, #"{"requestState":"x"}"#, #"{"requestState":null}"#,
        #"{"uri":"a","input\u0052esponses":{}}"#,
    ])
    func `refuses answers to calls that carry what was asked back`(params: String) throws {
        let answer = Self.result(#""resultType":"complete","ttlMs":1000,"cacheScope":"public""#)
        #expect(try verdict(answer, to: .resourcesRead, params: params) == .refuse(.roundTrip))
        #expect(try verdict(answer, to: .toolsCall, params: params, rule: Self.tool) == .refuse(.roundTrip))
    }

    @Test func `keeps results of tools that are configured and repeatable, for the caller only`() throws {
        let answer = Self.result(
            #""resultType":"complete","content":[],"isError":false,"ttlMs":9,"cacheScope":"public""#)
        func verdict(_ lifetime: Duration?, _ isRepeatable: Bool) throws -> CacheVerdict {
            try self.verdict(
                answer, to: .toolsCall, rule: CacheRule(lifetime: lifetime, isRepeatable: isRepeatable))
        }
        #expect(try verdict(.seconds(300), true) == .keep(timeToLive: .seconds(300), isForEveryone: false))
        #expect(try verdict(.seconds(300), false) == .refuse(.method))
        #expect(try verdict(nil, true) == .refuse(.method))
        let failed = Self.result(#""content":[],"isError":true"#)
        #expect(try self.verdict(failed, to: .toolsCall, rule: Self.tool) == .refuse(.toolError))
    }

    @Test func `keeps results without hints as long as is configured, and for whom`() throws {
        let rule = CacheRule(lifetime: .seconds(60))
        let own = CacheVerdict.keep(timeToLive: .seconds(60), isForEveryone: false)
        #expect(try verdict(Self.result(#""tools":[]"#), rule: rule) == own)
        #expect(try verdict(Self.result(#""tools":[],"cacheScope":"public","ttlMs":5"#), rule: rule) == own)
        #expect(try verdict(Self.result(#""resultType":"complete","tools":[]"#), rule: rule) == own)
        #expect(try verdict(Self.result(#""tools":[]"#), rule: rule, hasIdentity: false) == .refuse(.noIdentity))
        let shared = CacheRule(lifetime: .seconds(60), isPublic: true)
        let kept = CacheVerdict.keep(timeToLive: .seconds(60), isForEveryone: true)
        for members in [#""tools":[]"#, #""resultType":"complete","tools":[]"#] {
            #expect(try verdict(Self.result(members), rule: shared) == kept)
            #expect(try verdict(Self.result(members), rule: shared, hasIdentity: false) == kept)
        }
        // Whoever says something of it means it.
        for hint in [#""cacheScope":"private""#, #""cacheScope":null"#, #""ttlMs":60000"#] {
            let told = Self.result(#""resultType":"complete","# + hint)
            #expect(try verdict(told, rule: shared) == .keep(timeToLive: .seconds(60), isForEveryone: false))
            #expect(try verdict(told, rule: shared, hasIdentity: false) == .refuse(.noIdentity))
        }
        // What the server says goes before.
        let told = Self.result(#""resultType":"complete","ttlMs":0"#)
        #expect(try verdict(told, rule: rule) == .refuse(.noTimeToLive))
    }

    @Test func `knows from the call alone that nothing is to be looked for`() throws {
        func refusal(_ method: MCPMethod, _ params: String, _ rule: CacheRule) throws -> CacheVerdict.Reason? {
            CacheVerdict.refusal(of: method, try ScannedMessage(method: method, params: params).envelope, rule: rule)
        }
        #expect(try refusal(.toolsList, "{}", CacheRule()) == nil)
        #expect(try refusal(.toolsCall, "{}", CacheRule()) == .method)
        #expect(try refusal(.toolsCall, "{}", Self.tool) == nil)
        #expect(try refusal(.toolsCall, #"{"requestState":"x"}"#, Self.tool) == .roundTrip)
        #expect(try refusal(.promptsGet, "{}", Self.tool) == .method)
        let notification = try ScannedMessage(#"{"jsonrpc":"2.0","method":"tools/list"}"#)
        #expect(CacheVerdict.refusal(of: .toolsList, notification.envelope, rule: CacheRule()) == .method)
    }
}
