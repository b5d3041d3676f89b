-- For wrk: asks for one of the paths of a file, in an order that the seed fixes; prints the figures as one line of JSON.
-- "@" in a body becomes a number that differs from request to request, so that every write changes something.
--
--     wrk ... -s random.lua URL -- PATHS-FILE [METHOD [BODY [HEADER-LINE ...]]]

local requests = {}
local numbered, count = false, 0

function init(arguments)
    local headers = {}
    for number = 4, #arguments do
        local name, value = arguments[number]:match("^([^:]+): *(.*)$")
        headers[name] = value
    end
    local method, body = arguments[2] or "GET", arguments[3]
    if body == "" then body = nil end
    numbered = body and body:find("@", 1, true)
    if numbered then body = body:gsub("@", "0000000000") end
    for path in io.lines(arguments[1]) do
        requests[#requests + 1] = wrk.format(method, path, headers, body)
    end
    math.randomseed(1)
end

function request()
    local text = requests[math.random(#requests)]
    if not numbered then return text end
    count = count + 1
    return (text:gsub("0000000000", string.format("%010d", count), 1))
end

function done(summary, latency, _)
    local errors = summary.errors
    io.write(string.format(
        '{"requests": %d, "microseconds": %d, "failed": %d, "refused": %d, "p50": %d, "p95": %d, "p99": %d}\n',
        summary.requests, summary.duration, errors.connect + errors.read + errors.write + errors.timeout, errors.status,
        latency:percentile(50), latency:percentile(95), latency:percentile(99)))
end
