-- wrk's half of the load: sends the lines of a file, one after the other, and ends with one line of figures for us.
-- Arguments: method, the file, the API key. A GET's line is its path, any other method's line its body.
local requests, at = {}, 0

function init(args)
  local method, file, key = args[1], args[2], args[3]
  local headers = { ["x-api-key"] = key, ["content-type"] = "application/json" }
  for line in io.lines(file) do
    if method == "GET" then
      requests[#requests + 1] = wrk.format("GET", line, { ["x-api-key"] = key })
    else
      requests[#requests + 1] = wrk.format(method, nil, headers, line)
    end
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"p50_ms":%.3f,"p99_ms":%.3f,"failed":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
