package import NIOCore
import Resilience
package import Transport
package import Wire

/// An MCP server of a simulation: answers every call with its id and name, or misbehaves as it is told.
package final class ScriptedBackend {
    /// What the backend does with whatever comes next.
    package enum Behaviour: Equatable {
        /// Answers with a result.
        case answer
        /// Answers with this status and no JSON-RPC in it.
        case status(Int)
        /// Answers 503 and asks to be left alone for so long.
        case refusing(retryAfterSeconds: Int)
        /// Runs the call, then resets the connection before a byte of the answer.
        case resetAfterRunning
        /// Sends half of its answer, then resets the connection.
        case resetMidAnswer
        /// Answers with another id.
        case wrongID
        /// Sends bytes that are not HTTP.
        case garbage
        /// Takes calls and never answers.
        case stall
        /// Takes calls and answers them when it is released.
        case hold
        /// Answers with the events of a stream: this many notifications, then the result.
        case stream(notifications: Int)
        /// Begins a stream at once, and ends it with the result when it is released.
        case openStream
        /// Refuses connections.
        case refuse
        /// Connections neither come about nor fail.
        case blackHole
        /// Says that it has an internal error, with HTTP 200.
        case internalError
        /// Sends these bytes for an answer, and resets the connection then if `closes`.
        case sends(String, closes: Bool = false)
    }

    /// Where it listens.
    package let address: BackendAddress
    /// What it does with whatever comes next.
    package var behaviour = Behaviour.answer
    /// How long it works on a call before it answers; on health checks not at all.
    package var workTime = TimeAmount.zero
    /// How many of a hundred calls it fails with status 500 where it would answer.
    package var failureShare = 0
    /// Draws which.
    private var random = SeededRandom(seed: 7)
    /// More members of its results, as JSON, each with a comma in front.
    package var resultMembers = ""
    /// Bytes of padding in its results.
    package var paddingCount = 0
    /// The head of the last call, as it came.
    package private(set) var lastHead = ""
    /// The ids of the calls that it has run, as they stood in the body, in order; health checks left out.
    package private(set) var runs: [String] = []
    /// Told of each call when it has come whole, with its id as it stands in the body, before anything is done with it.
    package var onCall: ((String) -> Void)?
    /// Calls whose `Mcp-Name` or `Mcp-Method` was not what their body says.
    package private(set) var mismatchCount = 0
    /// How it tells of changes.
    package enum Telling: Equatable {
        /// It has no such method.
        case nothing
        /// On the stream of `subscriptions/listen`.
        case modern
        /// On the GET stream of a session; events have ids if `withIDs`, and then the stream can be resumed.
        case legacy(withIDs: Bool)
    }

    /// How it tells of changes from now on.
    package var telling = Telling.nothing
    /// What was asked of it by whoever listens: the methods of JSON-RPC and HTTP, in order.
    package private(set) var listenerRequests: [String] = []
    /// The body of the last `subscriptions/listen` or `resources/subscribe`.
    package private(set) var lastSubscription = ""
    /// The head and the body of the last request of whoever listens.
    package private(set) var lastListenerHead = ""
    package private(set) var lastListenerBody = ""
    /// How it lists its tools for the gateway itself: `nil` if it does not.
    package var listsTools: MCPEra?
    /// The pages of that list: arrays of tools, as JSON.
    package var toolPages = ["[]"]
    /// What was asked of it by whoever reads that list: the methods of JSON-RPC and HTTP, in order.
    package private(set) var readerRequests: [String] = []
    /// The heads and bodies of requests for a page, in order.
    package private(set) var pageRequests: [String] = []
    /// Whether it does with them what it does with calls.
    package var misbehavesToListeners = false
    /// The notifications of its streams.
    package var notification = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}"
    private var lastEventNumber = 0
    private var links: [Link] = []
    private var heldBack: [() -> Void] = []

    /// A backend at `host`:`port` that answers.
    package init(host: String, port: Int) {
        address = BackendAddress(host: host, port: port)
    }

    /// Resets one connection in so many, by chance.
    package func resetSome(oneIn count: Int) {
        for link in links where random.next(below: count) == 0 { link.wire?.reset() }
    }

    /// Resets every connection, as the death of the process would.
    package func resetAll() {
        for link in links { link.wire?.close() }
        links = []
    }

    /// Answers what it has held back.
    package func release() {
        behaviour = .answer
        let answers = heldBack
        heldBack = []
        for answer in answers { answer() }
    }

    /// How many streams are open on which it tells of changes.
    package var listenerCount: Int { links.count { $0.isListening && $0.wire != nil } }

    /// Tells whoever listens: an event with this JSON-RPC message.
    package func tell(_ message: String) {
        lastEventNumber += 1
        let id = telling == .legacy(withIDs: true) ? "id: e\(lastEventNumber)\n" : ""
        for link in links where link.isListening { link.tell("\(id)data: \(message)\n\n") }
    }

    /// A comment, as servers send to keep streams alive.
    package func tellNothing() {
        for link in links where link.isListening { link.tell(":\n\n") }
    }

    /// Ends the streams of those who listen, and nothing else.
    package func endListening() {
        for link in links where link.isListening { link.wire?.close() }
        links.removeAll { $0.isListening }
    }

    func accept() -> any SimulatedPeer {
        let link = Link(self)
        links.append(link)
        return link
    }

    /// One connection.
    private final class Link: SimulatedPeer {
        private unowned let backend: ScriptedBackend
        private var bytes = ByteBuffer()
        private var parser = HTTPHeadParser(.request)
        private(set) var wire: SimulatedWire?
        private(set) var isListening = false

        init(_ backend: ScriptedBackend) {
            self.backend = backend
        }

        func attached(to wire: SimulatedWire) { self.wire = wire }

        func closed() { wire = nil }

        func received(_ received: ByteBuffer) {
            bytes.writeImmutableBuffer(received)
            while let body = nextRequest() { answer(body) }
        }

        /// Whether the head says the same as the body.
        private func isMirrored(_ body: ByteView) -> Bool {
            var scratch = JSONScratch(seed: 1)
            guard let envelope = try? JSONRPCEnvelope.scan(body, scratch: &scratch) else { return false }
            return bytes.withByteView { head in
                let fields = parser.request.fields
                let method = fields[.mcpMethod].map { head[$0].string }
                let name = fields[.mcpName].map { head[$0].string }
                return method == envelope.method.map { body[$0.range].string }
                    && name == envelope.name.map { body[$0.range].string }
            }
        }

        private func nextRequest() -> ByteBuffer? {
            do {
                guard try bytes.withByteView({ try parser.parse($0) }) else { return nil }
            } catch {
                preconditionFailure("the gateway sent malformed HTTP: \(error)")
            }
            let count: Int
            switch parser.request.framing {
            case .length(let length): count = length
            case .none: count = 0
            case .chunked, .untilClose: return nil
            }
            guard bytes.readableBytes >= parser.request.byteCount + count else { return nil }
            let body = bytes.getSlice(at: bytes.readerIndex + parser.request.byteCount, length: count)
            let head = bytes.getString(at: bytes.readerIndex, length: parser.request.byteCount) ?? ""
            let message = body.map { String(buffer: $0) } ?? ""
            if listens(message, head) {
                bytes.moveReaderIndex(forwardBy: parser.request.byteCount + count)
                parser.reset()
                return nextRequest()
            }
            if let body, !body.withByteView({ isMirrored($0) }) { backend.mismatchCount += 1 }
            backend.lastHead = head
            bytes.moveReaderIndex(forwardBy: parser.request.byteCount + count)
            parser.reset()
            return body
        }

        /// Answers what only those ask who listen.
        private func listens(_ message: String, _ head: String) -> Bool {
            let methods = [
                "subscriptions/listen", "initialize", "notifications/initialized", "resources/subscribe", "ping",
            ]
            if readsTools(message, head) { return true }
            let method = methods.first { message.contains("\"method\":\"\($0)\"") }
            let isErrand = head.hasPrefix("GET ") || head.hasPrefix("DELETE ")
            let isAnswer = message.contains("\"id\":\"asked\"")
            guard let asked = method ?? (isErrand ? String(head.prefix { $0 != " " }) : isAnswer ? "answer" : nil),
                isErrand || isAnswer || message.contains("\"id\":\"") || asked == "notifications/initialized"
            else { return false }
            backend.listenerRequests.append(asked)
            backend.lastListenerHead = head
            backend.lastListenerBody = message
            guard !backend.misbehavesToListeners else {
                answer(ByteBuffer(string: "{\"jsonrpc\":\"2.0\",\"id\":\"health\",\"method\":\"x\"}"))
                return true
            }
            let stream = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
            switch (asked, backend.telling) {
            case ("subscriptions/listen", .modern):
                backend.lastSubscription = message
                isListening = true
                let filter = message.contains("resourceSubscriptions") ? "{\"resourceSubscriptions\":[]}" : "{}"
                send(
                    stream
                        + "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\","
                        + "\"params\":{\"notifications\":\(filter)}}\n\n"
                )
            case ("initialize", .legacy):
                let result =
                    "{\"jsonrpc\":\"2.0\",\"id\":\"initialize\",\"result\":{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{\"resources\":{\"subscribe\":true}}}}"
                send(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nMcp-Session-Id: s\(backend.listenerRequests.count)\r\nContent-Length: \(result.utf8.count)\r\n\r\n\(result)"
                )
            case ("notifications/initialized", .legacy), ("answer", .legacy):
                send("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
            case ("resources/subscribe", .legacy), ("ping", .legacy):
                if asked != "ping" { backend.lastSubscription = message }
                send(ok("{\"jsonrpc\":\"2.0\",\"id\":\"\(asked == "ping" ? asked : "subscribe")\",\"result\":{}}"))
            case ("GET", .legacy):
                isListening = true
                send(stream)
            case ("DELETE", .legacy):
                send("HTTP/1.1 204 No Content\r\n\r\n")
            default:
                let error =
                    "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32601,\"message\":\"no such method\"}}"
                send(
                    "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: \(error.utf8.count)\r\n\r\n\(error)"
                )
            }
            return true
        }

        /// Answers the gateway's own `tools/list`, and in the session of one all that belongs to it.
        private func readsTools(_ message: String, _ head: String) -> Bool {
            if message.contains("\"id\":\"tools-") {
                backend.readerRequests.append("tools/list")
                backend.pageRequests.append(head + message)
                let isModern = head.contains("MCP-Protocol-Version: 2026-07-28\r\n")
                guard backend.listsTools == (isModern ? .modern : .legacy) else {
                    let error =
                        "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"no session\"}}"
                    send(ok(error).replacing("200 OK", with: "400 Bad Request"))
                    return true
                }
                let number = Int(text(behind: "\"cursor\":\"p", in: message)) ?? 0
                let next = number + 1 < backend.toolPages.count ? ",\"nextCursor\":\"p\(number + 1)\"" : ""
                let members = isModern ? ",\"resultType\":\"complete\",\"ttlMs\":0,\"cacheScope\":\"private\"" : ""
                let page = number < backend.toolPages.count ? backend.toolPages[number] : "[]"
                let id = text(behind: "\"id\":\"", in: message)
                send(ok("{\"jsonrpc\":\"2.0\",\"id\":\"\(id)\",\"result\":{\"tools\":\(page)\(next)\(members)}}"))
                return true
            }
            // Who listens has other sessions; here they cannot be had both.
            guard backend.listsTools == .legacy, backend.telling == .nothing else { return false }
            if message.contains("\"method\":\"initialize\"") {
                backend.readerRequests.append("initialize")
                let result =
                    "{\"jsonrpc\":\"2.0\",\"id\":\"initialize\",\"result\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"tools\":{}}}}"
                send(ok(result).replacing("\r\n\r\n", with: "\r\nMcp-Session-Id: reader\r\n\r\n"))
            } else if message.contains("\"method\":\"notifications/initialized\"") {
                backend.readerRequests.append("notifications/initialized")
                send("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
            } else if head.hasPrefix("DELETE ") {
                backend.readerRequests.append("DELETE")
                send("HTTP/1.1 204 No Content\r\n\r\n")
            } else {
                return false
            }
            return true
        }

        /// What stands between `mark` and the next quote.
        private func text(behind mark: String, in message: String) -> Substring {
            guard let found = message.firstRange(of: mark) else { return "" }
            return message[found.upperBound...].prefix { $0 != "\"" }
        }

        func tell(_ event: String) { send(event) }

        private func answer(_ body: ByteBuffer) {
            var scratch = JSONScratch(seed: 1)
            let id: String = body.withByteView { view in
                guard let envelope = try? JSONRPCEnvelope.scan(view, scratch: &scratch), let id = envelope.id else {
                    preconditionFailure("the gateway sent a body that is not a call: \(view.string)")
                }
                return view[id.range].string
            }
            // Health checks may come at any time and say nothing about calls.
            let isCheck = id == "\"health\""
            if !isCheck { backend.onCall?(id) }
            if !isCheck, backend.behaviour != .stall { backend.runs.append(id) }
            let padding =
                backend.paddingCount > 0
                ? ",\"padding\":\"\(String(repeating: "p", count: backend.paddingCount))\"" : ""
            let members =
                "\"content\":[],\"port\":\(backend.address.port)\(isCheck ? "" : backend.resultMembers + padding)"
            let result = "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"result\":{\(members)}}"
            switch isCheck && backend.behaviour == .hold ? .answer : backend.behaviour {
            case .answer where !isCheck && backend.random.next(below: 100) < backend.failureShare:
                send("HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\nsick")
            case .refusing(let seconds):
                send("HTTP/1.1 503 No\r\nRetry-After: \(seconds)\r\nContent-Length: 4\r\n\r\nsick")
            case .answer: send(ok(result), after: isCheck ? .zero : backend.workTime)
            case .status(let status): send("HTTP/1.1 \(status) No\r\nContent-Length: 4\r\n\r\nsick")
            case .resetAfterRunning: wire?.close()
            case .resetMidAnswer:
                send(String(ok(result).dropLast(20)))
                wire?.close()
            case .wrongID: send(ok("{\"jsonrpc\":\"2.0\",\"id\":\"another\",\"result\":{}}"))
            case .garbage: send("\u{1}\u{2}\u{3} this is not HTTP\r\n\r\n")
            case .hold:
                let answer = ok(result)
                backend.heldBack.append { [weak self] in self?.send(answer) }
            case .stream(let count):
                let events = repeatElement(backend.notification, count: count) + [result]
                let body = events.map { "data: \($0)\n\n" }.joined()
                send(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                )
            case .openStream:
                let event = "data: \(result)\n\n"
                send(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: \(event.utf8.count)\r\n\r\n")
                backend.heldBack.append { [weak self] in self?.send(event) }
            case .internalError:
                send(ok("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"error\":{\"code\":-32603,\"message\":\"no\"}}"))
            case .sends(let text, let closes):
                send(text)
                if closes { wire?.close() }
            case .stall, .refuse, .blackHole: break
            }
        }

        private func ok(_ body: String) -> String {
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        }

        private func send(_ text: String) { wire?.send(ByteBuffer(string: text)) }

        private func send(_ text: String, after pause: TimeAmount) {
            guard pause > .zero else { return send(text) }
            wire?.send(ByteBuffer(string: text), after: pause)
        }
    }
}

@available(*, unavailable)
extension ScriptedBackend: Sendable {}
