import NIOCore
import Testing

@testable import Wire

@Suite struct JSONRPCEnvelopeTests {
    // MARK: What is found

    @Test func `finds the members of a modern tools/call`() throws {
        let scanned = Scanned(
            """
            {"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"process_data","arguments":{"data":{"a":1}},\
            "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"x"},\
            "io.modelcontextprotocol/clientCapabilities":{},"progressToken":3},"requestState":"abc","inputResponses":{}}}
            """)
        let envelope = try scanned.outcome.get()
        #expect(envelope.kind == .request)
        #expect(scanned.string(envelope.id?.range) == "7")
        #expect(scanned.string(envelope.method) == "tools/call")
        #expect(envelope.paramsKind == .object)
        #expect(scanned.string(envelope.params)?.first == "{" && scanned.string(envelope.params)?.last == "}")
        #expect(scanned.string(envelope.name) == "process_data")
        #expect(scanned.string(envelope.arguments) == #"{"data":{"a":1}}"#)
        #expect(scanned.string(envelope.meta)?.hasPrefix(#"{"io.model"#) == true)
        #expect(scanned.string(envelope.meta)?.hasSuffix(#"Token":3}"#) == true)
        #expect(envelope.metaKind == .object)
        #expect(scanned.string(envelope.metaProtocolVersion) == "2026-07-28")
        #expect(envelope.hasMetaProtocolVersion)
        #expect(envelope.metaClientInfoKind == .object)
        #expect(envelope.metaClientCapabilitiesKind == .object)
        #expect(envelope.hasRequestState && envelope.hasInputResponses)
        #expect(scanned.string(envelope.requestState) == "abc")
        #expect(envelope.uri == nil && envelope.taskID == nil && envelope.result == nil && envelope.error == nil)
    }

    @Test func `finds the members of other requests, in any order and spelling`() throws {
        let read = Scanned(
            #"{ "params" : { "uri" : "file:\/\/a" } , "id" : "x\"y" , "method" : "resources\/read" , "jsonrpc" : "2.0" } "#
        )
        let envelope = try read.outcome.get()
        #expect(read.string(envelope.uri) == "file://a")
        #expect(envelope.uri?.isEscaped == true)
        #expect(read.string(envelope.id?.range) == #""x\"y""#)
        #expect(read.string(envelope.method) == "resources/read")
        let task = Scanned(#"{"method":"tasks/get","params":{"taskId":"t"},"id":1,"jsonrpc":"2.0"}"#)
        #expect(task.string(task.envelope?.taskID) == "t")
        let initialize = Scanned(
            #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{}}}"#
        )
        #expect(initialize.string(initialize.envelope?.protocolVersion) == "2025-06-18")
        let escaped = Scanned(
            #"{"\u006asonrpc":"2\u002e0","\u0069d":1,"met\u0068od":"ping","params":{"n\u0061me":"n","argu\u006dents":[]}}"#
        )
        #expect(escaped.string(escaped.envelope?.method) == "ping")
        #expect(escaped.string(escaped.envelope?.name) == "n")
        #expect(escaped.string(escaped.envelope?.arguments) == "[]")
    }

    @Test func `tells a value of a wrong type from one that is absent`() throws {
        let scanned = Scanned(
            #"{"jsonrpc":"2.0","id":1,"method":"m","params":{"name":1,"uri":null,"taskId":{},"protocolVersion":[],"requestState":1,"_meta":{"io.modelcontextprotocol/protocolVersion":5,"io.modelcontextprotocol/clientCapabilities":null,"io.modelcontextprotocol/clientInfo":"x"}}}"#
        )
        let envelope = try scanned.outcome.get()
        #expect(
            envelope.name == nil && envelope.uri == nil && envelope.taskID == nil && envelope.protocolVersion == nil)
        #expect(envelope.hasMetaProtocolVersion && envelope.metaProtocolVersion == nil)
        #expect(envelope.metaClientCapabilitiesKind == .null)
        #expect(envelope.metaClientInfoKind == .string)
        #expect(envelope.hasRequestState && envelope.requestState == nil && !envelope.hasInputResponses)
        let meta = Scanned(#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":"x"}}"#)
        #expect(meta.envelope?.metaKind == .string)
        #expect(meta.envelope?.hasMetaProtocolVersion == false)
    }

    @Test func `looks at members only where they belong`() throws {
        let scanned = Scanned(
            #"{"jsonrpc":"2.0","id":1,"method":"m","name":"outer","params":{"x":{"name":"inner","uri":"inner","_meta":{"io.modelcontextprotocol/protocolVersion":"x"}},"arguments":{"name":"argument"}},"_meta":{"isError":true}}"#
        )
        let envelope = try scanned.outcome.get()
        #expect(envelope.name == nil && envelope.uri == nil && envelope.meta == nil && !envelope.hasMetaProtocolVersion)
        let result = Scanned(
            #"{"jsonrpc":"2.0","id":1,"result":{"structuredContent":{"isError":true},"content":[{"isError":true}]}}"#)
        #expect(result.envelope?.isToolError == false)
        let positional = Scanned(#"{"jsonrpc":"2.0","id":1,"method":"m","params":["name"]}"#)
        #expect(positional.envelope?.paramsKind == .array)
        #expect(positional.envelope?.name == nil)
    }

    @Test func `reads notifications`() {
        let scanned = Scanned(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
        #expect(scanned.envelope?.kind == .notification)
        #expect(scanned.envelope?.id == nil)
    }

    @Test func `reads results`() throws {
        let scanned = Scanned(
            #"{"jsonrpc":"2.0","id":"a","result":{"isError":true,"resultType":"complete","protocolVersion":"2025-11-25"}}"#
        )
        let envelope = try scanned.outcome.get()
        #expect(envelope.kind == .result)
        #expect(envelope.isToolError)
        #expect(envelope.resultKind == .object)
        #expect(scanned.string(envelope.resultType) == "complete")
        #expect(scanned.string(envelope.resultProtocolVersion) == "2025-11-25")
        #expect(scanned.string(envelope.result)?.hasPrefix("{") == true)
        #expect(Scanned(#"{"jsonrpc":"2.0","id":1,"result":{"isError":false}}"#).envelope?.isToolError == false)
        #expect(Scanned(#"{"jsonrpc":"2.0","id":1,"result":{"isError":"true"}}"#).envelope?.isToolError == false)
        #expect(Scanned(#"{"jsonrpc":"2.0","id":1,"result":null}"#).envelope?.resultKind == .null)
    }

    @Test func `reads errors with an id, with null and with none`() {
        for (id, expected) in [(#""id":1,"#, "1"), (#""id":null,"#, nil), ("", nil)] {
            let scanned = Scanned(
                "{\"jsonrpc\":\"2.0\",\(id)\"error\":{\"code\":-32601,\"message\":\"m\",\"data\":{\"code\":1}}}")
            #expect(scanned.envelope?.kind == .error)
            #expect(scanned.string(scanned.envelope?.id?.range) == expected)
            #expect(scanned.envelope?.errorCode == -32_601)
            #expect(scanned.string(scanned.envelope?.error)?.hasPrefix(#"{"code""#) == true)
        }
        #expect(Scanned(#"{"jsonrpc":"2.0","id":1,"error":{"code":1.5}}"#).envelope?.errorCode == nil)
    }

    @Test func `reads batches`() {
        let scanned = Scanned(
            #"[{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","method":"b"}, {"jsonrpc":"2.0","id":1,"result":{}}]"#
        )
        #expect(scanned.envelope?.kind == .batch)
        #expect(scanned.envelope?.id == nil)
        #expect(scanned.envelope?.batchCount == 3)
        #expect(scanned.envelope?.batchRequestCount == 1)
        #expect(scanned.envelope?.batchHasInitialize == false)
        #expect(scanned.envelope?.batchHasModernEnvelope == false)
        let special = Scanned(
            #"[{"jsonrpc":"2.0","id":1,"method":"\u0069nitialize"},{"jsonrpc":"2.0","id":2,"method":"a","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":1}}}]"#
        )
        #expect(special.envelope?.batchHasInitialize == true)
        #expect(special.envelope?.batchHasModernEnvelope == true)
    }

    // MARK: What is refused

    @Test(arguments: [
        "", " ", "{", "nul", #"{"jsonrpc":"2.0","id":1,"method":"m"}x"#, #"{"jsonrpc":"2.0","id":1,"method":"m",}"#,
        #"{"jsonrpc":"2.0","id":01,"method":"m"}"#, #"{"jsonrpc":"2.0","id":1,"method":"\ud800"}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"m","params":{"name":"\x"}}"#, "{'jsonrpc':'2.0'}",
        "[{\"jsonrpc\":\"2.0\"},]",
        #"{"jsonrpc":"2.0","id":NaN,"method":"m"}"#, "\u{FEFF}{\"jsonrpc\":\"2.0\",\"method\":\"m\"}",
        #"{"jsonrpc":"1.0","id":null,"id":2,"method":3"#, #"[{"jsonrpc":"2.0"}"#, #"{"id":}"#, #"{"params":}"#,
        #"{"error":x}"#,
        #"{"jsonrpc":"2.0","id":1,"result":{"isError":tru}}"#, #"{"jsonrpc":"2.0","id":1,"error":{"code":+1}}"#,
    ])
    func `is not JSON`(_ text: String) {
        #expect(Scanned(text).error?.category == "notJSON")
        #expect(StreamVerdict(Array(text.utf8), cuts: []).failure == "notJSON")
    }

    @Test(
        arguments: [
            // What, why, and the id that the error answer can carry.
            (#"3"#, "notAnObject", nil), (#""x""#, "notAnObject", nil), ("null", "notAnObject", nil),
            ("[]", "notAnObject", nil),
            ("[ ]", "notAnObject", nil), ("[1]", "notAnObject", nil), ("[[]]", "notAnObject", nil),
            (#"[{"jsonrpc":"2.0","method":"m"},null]"#, "notAnObject", nil),
            (#"[{"jsonrpc":"2.0","method":"m"},{"jsonrpc":"2.0","id":null,"method":"m"}]"#, "id", nil),
            ("{}", "version", nil), (#"{"id":1,"method":"m"}"#, "version", "1"),
            (#"{"jsonrpc":"1.0","id":1,"method":"m"}"#, "version", "1"),
            (#"{"jsonrpc":2.0,"id":1,"method":"m"}"#, "version", "1"),
            (#"{"jsonrpc":"2","id":1,"method":"m"}"#, "version", "1"),
            (#"{"jsonrpc":"2.0 ","id":1,"method":"m"}"#, "version", "1"),
            (#"{"jsonrpc":null,"id":1,"method":"m"}"#, "version", "1"),
            (#"{"JSONRPC":"2.0","id":1,"method":"m"}"#, "version", "1"),
            (#"{"jsonrpc":"2.0","id":"x"}"#, "method", #""x""#),
            (#"{"jsonrpc":"2.0","id":1,"method":5}"#, "method", "1"),
            (#"{"jsonrpc":"2.0","id":1,"method":null}"#, "method", "1"),
            (#"{"jsonrpc":"2.0","id":1,"Method":"m"}"#, "method", "1"),
            (#"{"jsonrpc":"2.0","method":{"a":1},"id":1}"#, "method", "1"),
            (#"{"jsonrpc":"2.0","id":null,"method":"m"}"#, "id", nil),
            (#"{"jsonrpc":"2.0","id":1.0,"method":"m"}"#, "id", nil),
            (#"{"jsonrpc":"2.0","id":1e3,"method":"m"}"#, "id", nil),
            (#"{"jsonrpc":"2.0","id":true,"method":"m"}"#, "id", nil),
            (#"{"jsonrpc":"2.0","id":{},"method":"m"}"#, "id", nil),
            (#"{"jsonrpc":"2.0","id":[1],"method":"m"}"#, "id", nil),
            (#"{"jsonrpc":"2.0","id":18446744073709551616,"method":"m"}"#, "id", nil),
            (#"{"jsonrpc":"2.0","id":-9223372036854775809,"method":"m"}"#, "id", nil),
            (#"{"jsonrpc":"2.0","id":1,"method":"m","params":1}"#, "params", "1"),
            (#"{"jsonrpc":"2.0","id":1,"method":"m","params":null}"#, "params", "1"),
            (#"{"jsonrpc":"2.0","id":1,"method":"m","params":"x"}"#, "params", "1"),
            (#"{"jsonrpc":"2.0","id":1,"method":"m","result":{}}"#, "ambiguous", "1"),
            (#"{"jsonrpc":"2.0","id":1,"method":"m","error":{}}"#, "ambiguous", "1"),
            (#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#, "ambiguous", "1"),
            (#"{"jsonrpc":"2.0","id":1,"result":{},"params":{}}"#, "ambiguous", "1"),
            (#"{"jsonrpc":"2.0","result":{}}"#, "id", nil), (#"{"jsonrpc":"2.0","id":null,"result":{}}"#, "id", nil),
            (#"{"jsonrpc":"2.0","id":1.5,"error":{}}"#, "id", nil),
            (#"{"jsonrpc":"2.0","id":1,"error":"x"}"#, "error", "1"),
            (#"{"jsonrpc":"2.0","id":1,"error":null}"#, "error", "1"),
            (#"{"jsonrpc":"2.0","method":"m","params":{"a":1,"\u0061":2},"id":"late"}"#, "duplicateName", #""late""#),
            (#"{"jsonrpc":"2.0","id":1,"method":"m","method":"n"}"#, "duplicateName", "1"),
            (#"{"jsonrpc":"2.0","id":1,"method":"m","id":1}"#, "duplicateName", nil),
            (#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":{"x":1,"x":1}}}"#, "duplicateName", "1"),
            (
                #"{"jsonrpc":"2.0","id":1,"method":"m","params":{"arguments":{"x":{"y":[{"z":1,"z":1}]}}}}"#,
                "duplicateName", "1"
            ),
            (#"{"jsonrpc":"2.0","id":1,"result":{"x":1,"x":1}}"#, "duplicateName", "1"),
        ] as [(String, String, String?)])
    func `is not a message`(_ text: String, _ reason: String, _ id: String?) {
        let scanned = Scanned(text)
        #expect(scanned.error?.category == reason)
        #expect(scanned.refusedID == id)
        #expect(StreamVerdict(Array(text.utf8), cuts: []).failure == reason)
    }

    @Test func `bounds depth, values and names, and keeps an id that was read before`() {
        let start = #"{"jsonrpc":"2.0","id":5,"method":"m","params":{"arguments":"#
        let deep = Scanned(start + String(repeating: "[", count: 62) + String(repeating: "]", count: 62) + "}}")
        #expect(deep.error == nil)
        let tooDeep = Scanned(start + String(repeating: "[", count: 63) + String(repeating: "]", count: 63) + "}}")
        #expect(tooDeep.error?.category == "tooLarge")
        #expect(tooDeep.refusedID == "5")
        // The message, its four members and `arguments` are values too.
        func wide(_ count: Int) -> Scanned {
            Scanned(start + "[" + Array(repeating: "0", count: count).joined(separator: ",") + "]}}")
        }
        #expect(wide(99_994).error == nil)
        #expect(wide(99_995).error?.category == "tooLarge")
        let name = String(repeating: "n", count: 65_537)
        #expect(Scanned(start + "{\"\(name)\":1}}}").error?.category == "tooLarge")
    }

    @Test func `a batch is one level deeper`() {
        func batch(_ depth: Int) -> Scanned {
            let value = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            return Scanned("[{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":{\"a\":\(value)}}]")
        }
        #expect(batch(61).envelope?.kind == .batch)
        #expect(batch(62).error?.category == "tooLarge")
    }

    @Test(arguments: [
        #"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"n","arguments":{"a":[1,2.5e3,"x\u00e9"]},"_meta":{"k":null}}}"#,
        #"{"jsonrpc":"2.0","id":"é","result":{"isError":true,"content":[{"type":"text","text":"\ud83d\ude00"}]}}"#,
        #"[{"jsonrpc":"2.0","id":7,"error":{"code":-1,"message":"m"}},{"jsonrpc":"2.0","method":"m"}]"#,
    ])
    func `refuses every truncation`(_ text: String) {
        let bytes = Array(text.utf8)
        #expect(Scanned(bytes).error == nil)
        for count in 0..<bytes.count {
            #expect(Scanned(Array(bytes[..<count])).error?.category == "notJSON")
            #expect(StreamVerdict(Array(bytes[..<count]), cuts: [count / 2]).failure == "notJSON")
        }
    }

    @Test func `uses one scratch for message after message, good and bad`() {
        var scratch = JSONScratch(seed: 5)
        func kind(_ text: String) -> JSONRPCEnvelope.Kind? {
            Array(text.utf8).withUnsafeBytes { try? JSONRPCEnvelope.scan(ByteView($0), scratch: &scratch).kind }
        }
        for _ in 0..<100 {
            #expect(kind(#"{"jsonrpc":"2.0","id":1,"method":"m"}"#) == .request)
            #expect(kind(#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":{"b":"#) == nil)
            #expect(kind(#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":1,"a":2}}"#) == nil)
            #expect(kind(#"{"jsonrpc":"2.0","id":1,"res\u0075lt":{"a":1}}"#) == .result)
        }
    }

    // MARK: Splicing

    @Test(arguments: [
        #"{"jsonrpc":"2.0","id":7,"method":"m"}"#, #"{"id":"a\"b","jsonrpc":"2.0","result":{"id":7}}"#,
        #" { "jsonrpc" : "2.0" , "error" : {"code":1,"message":"m"} , "id" : 18446744073709551615 } "#,
    ])
    func `puts another id in place of a message's own, and back`(_ text: String) throws {
        let scanned = Scanned(text)
        let envelope = try scanned.outcome.get()
        let own = try #require(scanned.string(envelope.id?.range))
        for other in ["1", "\"relay-1\"", "-9223372036854775808", #""\u0041""#] {
            let replaced = Self.replaceID(in: scanned, by: other)
            #expect(replaced.string(replaced.envelope?.id?.range) == other)
            #expect(replaced.envelope?.kind == envelope.kind)
            #expect(Self.replaceID(in: replaced, by: own).bytes == scanned.bytes)
        }
    }

    @Test func `leaves a message without an id as it is`() throws {
        let scanned = Scanned(#"{"jsonrpc":"2.0","method":"m","params":{"id":1}}"#)
        #expect(Self.replaceID(in: scanned, by: "9").bytes == scanned.bytes)
    }

    private static func replaceID(in scanned: Scanned, by id: String) -> Scanned {
        var buffer = ByteBuffer()
        scanned.bytes.withUnsafeBytes { bytes in
            Array(id.utf8).withUnsafeBytes { newID in
                let hadID = scanned.envelope?.write(ByteView(bytes), replacingIDWith: ByteView(newID), into: &buffer)
                #expect(hadID == (scanned.envelope?.id != nil))
            }
        }
        return Scanned(Array(buffer.readableBytesView))
    }
}
