/// The reference of all keys for people, in Markdown. Made from the table that drives the loader.
package enum ConfigurationReference {
    /// The reference, with a line end.
    package static func markdown() -> String {
        var text = """
            # Configuration reference

            Every key of `gateway.conf`, made from the table that the gateway itself reads it with; a test keeps this file
            up to date. The file is YAML 1.2, at most \(ConfigurationText.maximumByteCount.sizeText), one document without anchors, aliases
            and tags. Unknown and repeated keys are errors. Durations are `250ms`, `10s`, `5m`, `1h`; sizes `512B`,
            `64KiB`, `4MiB`, `1GiB`; shares `20%`; secrets `env:NAME` or `file:PATH`, never the secret itself. All limits
            are per process.

            A key that says "no effect yet" is accepted with a warning.

            `mcp-gateway check FILE` says what is wrong with a file. `mcp-gateway explain FILE` prints every key with the
            value in effect and where it came from: a place in the file, or the default. `mcp-gateway diff OLD NEW` says
            what differs between two files, and what that means.

            """
        let top = GatewayConfiguration.section.outline
        text += table("Top level", top)
        for group in top.groups() { text += table("`\(group.path)`", group.outline) }
        return text
    }

    private static func table(_ title: String, _ outline: ConfigurationOutline) -> String {
        "\n## \(title)\n\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n"
            + outline.rows.map(line).joined()
    }

    private static func line(_ row: ConfigurationOutline.Row) -> String {
        let range = row.kind.rangeText
        let value = row.kind.typeText + (range.isEmpty ? "" : ", \(range)")
        let standard = row.isRequired ? "required" : row.defaultText.map { "`\($0)`" } ?? ""
        let limitation = row.limitation.map { " **\($0.prefix(1).uppercased() + $0.dropFirst()).**" } ?? ""
        return "| `\(row.name)` | \(value) | \(standard) | \(row.summary)\(limitation) |\n"
    }
}
