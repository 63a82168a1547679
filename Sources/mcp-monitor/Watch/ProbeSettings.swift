/// How servers are probed.
struct ProbeSettings: Sendable {
    /// Over a whole probe. Default 10 s.
    var timeout = Duration.seconds(10)
    /// From the beginning of one probe to that of the next. Default 30 s.
    var interval = Duration.seconds(30)
    /// Path and query of the health page at the server's origin; `nil`: it is not asked for.
    var healthPath: String? = "/health"
    /// The tool that is called in each probe.
    var call: ProbeCall?
    /// Header lines for the servers, with line ends.
    var headerLines = ""
    /// Where the bearer token is.
    var bearer: BearerSource?

    /// What a probe that begins now shows to the servers.
    ///
    /// - Throws: `ProbeFailure` when the token cannot be read.
    func credentials() throws(ProbeFailure) -> ProbeClient.Credentials {
        guard let bearer else { return ProbeClient.Credentials(lines: headerLines) }
        do throws(BearerSource.Unreadable) {
            return ProbeClient.Credentials(lines: "\(headerLines)Authorization: Bearer \(try bearer.read())\r\n")
        } catch {
            throw ProbeFailure(.authError, error.description)
        }
    }
}
