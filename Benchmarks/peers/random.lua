-- For wrk: asks for one of the paths of a file, in an order that the seed fixes; prints the figures as one line of JSON.
--
--     wrk ... -s random.lua URL -- PATHS-FILE [METHOD [BODY [HEADER-LINE ...]]]

local requests = {}

function init(arguments)
    local headers = {}
    for number = 4, #arguments do
        local name, value = arguments[number]:match("^([^:]+): *(.*)$")
        headers[name] = value
    end
    local method, body = arguments[2] or "GET", arguments[3]
    if body == "" then body = nil end
    for path in io.lines(arguments[1]) do
        requests[#requests + 1] = wrk.format(method, path, headers, body)
    end
    math.randomseed(1)
end

function request()
    return requests[math.random(#requests)]
end

function done(summary, latency, _)
    local errors = summary.errors
    io.write(string.format(
        '{"requests": %d, "microseconds": %d, "failed": %d, "refused": %d, "p50": %d, "p95": %d, "p99": %d}\n',
        summary.requests, summary.duration, errors.connect + errors.read + errors.write + errors.timeout, errors.status,
        latency:percentile(50), latency:percentile(95), latency:percentile(99)))
end
