import Wire

/// Events as the fronts of Lambda write them, by their public documentation.
enum LambdaEvents {
    /// Payload 2.0, of a Function URL or an HTTP API.
    static func version2(
        _ method: String, _ path: String, headers: JSONObject = [:], body: JSONValue? = nil, isBase64: Bool = false,
        stage: String = "$default", query: String = "", cookies: [String]? = nil
    ) -> String {
        var event: JSONValue = [
            "version": "2.0", "routeKey": "$default", "rawPath": .string(path), "rawQueryString": .string(query),
            "headers": .object(headers), "isBase64Encoded": .bool(isBase64),
            "requestContext": [
                "accountId": "123456789012", "apiId": "a1b2c3", "domainName": "a1b2c3.lambda-url.eu-west-1.on.aws",
                "domainPrefix": "a1b2c3", "requestId": "id", "routeKey": "$default", "stage": .string(stage),
                "time": "27/Nov/2026:18:00:00 +0000", "timeEpoch": 1_795_802_400_000,
                "http": [
                    "method": .string(method), "path": .string(path), "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7",
                    "userAgent": "test",
                ],
            ],
        ]
        event["body"] = body
        if let cookies { event["cookies"] = .array(cookies.map { .string($0) }) }
        return event.description
    }

    /// Payload 1.0, of a REST API.
    static func version1(
        _ method: String, _ path: String, headers: JSONObject = [:], body: JSONValue = .null, isBase64: Bool = false
    ) -> String {
        let event: JSONValue = [
            "resource": "/{proxy+}", "path": .string(path), "httpMethod": .string(method), "headers": .object(headers),
            "multiValueHeaders": .object(headers.mapValues { [$0] }), "queryStringParameters": .null,
            "multiValueQueryStringParameters": .null, "pathParameters": ["proxy": "mcp"], "stageVariables": .null,
            "requestContext": [
                "accountId": "123456789012", "apiId": "a1b2c3", "path": .string("/prod\(path)"), "stage": "prod",
                "domainName": "a1b2c3.execute-api.eu-west-1.amazonaws.com", "httpMethod": .string(method),
                "identity": ["sourceIp": "203.0.113.7", "userAgent": "test"], "protocol": "HTTP/1.1",
            ],
            "body": body, "isBase64Encoded": .bool(isBase64),
        ]
        return event.description
    }

    /// The headers of a POST to the endpoint.
    static let post: JSONObject = [
        "content-type": "application/json", "accept": "application/json, text/event-stream",
    ]

    /// A modern request: its headers and its body. `params` are members with a comma behind each.
    static func modern(_ method: String, _ params: String = "", name: String? = nil) -> (JSONObject, JSONValue) {
        var headers = post
        headers["mcp-protocol-version"] = "2026-07-28"
        headers["mcp-method"] = .string(method)
        if let name { headers["mcp-name"] = .string(name) }
        let meta =
            #"{"progressToken":1,"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#
        return (
            headers, .string(#"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":{\#(params)"_meta":\#(meta)}}"#)
        )
    }

    /// A modern call of a tool without arguments.
    static func call(_ tool: String) -> String {
        let (headers, body) = modern("tools/call", #""name":"\#(tool)","arguments":{},"#, name: tool)
        return version2("POST", "/mcp", headers: headers, body: body)
    }
}
