-- Drives an MCP endpoint with wrk: every request has an id of its own, and the summary is one JSON line.
--
-- wrk ... -s drive.lua URL -- FILE: FILE holds the body, in which the first 100000000000 is the id. The digits keep their
-- number, so that the request is put together from three strings and nothing is measured anew.

local FIRST_ID = 100000000000
local before, behind
local calls = 0

function init(arguments)
    local file = assert(io.open(arguments[1], "rb"), "cannot read the body")
    local body = file:read("*a")
    file:close()
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
    wrk.headers["Accept"] = "application/json, text/event-stream"
    wrk.headers["MCP-Protocol-Version"] = "2026-07-28"
    wrk.headers["Mcp-Method"] = "tools/call"
    wrk.headers["Mcp-Name"] = "process_data"
    wrk.headers["User-Agent"] = "bench"
    local whole = wrk.format(nil, nil, nil, body)
    local digits = string.format("%d", FIRST_ID)
    local first, last = whole:find(digits, 1, true)
    before, behind = whole:sub(1, first - 1), whole:sub(last + 1)
end

function request()
    calls = calls + 1
    return before .. string.format("%d", FIRST_ID + calls) .. behind
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"calls":%d,"seconds":%.6f,"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d,' ..
        '"p50":%.1f,"p99":%.1f}\n',
        summary.requests, summary.duration / 1e6, errors.connect, errors.read, errors.write, errors.status,
        errors.timeout, latency:percentile(50), latency:percentile(99)))
end
