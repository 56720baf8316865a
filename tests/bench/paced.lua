-- wrk script: one event a request, each with an id of its own. With PAUSE_MS every connection waits before each request,
-- at random around that mean, so that the pace is set by the clock and not by the answers.
local tag, key = os.getenv("TAG"), os.getenv("WRITE_KEY")
local pause = tonumber(os.getenv("PAUSE_MS") or "0")
local number, now = 0, os.date("!%Y-%m-%dT%H:%M:%S.000Z")

function init(args)
  math.randomseed(42)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
end

function request()
  number = number + 1
  return wrk.format(nil, nil, nil, string.format(
    '{"batch":[{"type":"track","event":"feature.used","messageId":"m-%s-%d","userId":"u%d","timestamp":"%s",' ..
    '"context":{"groupId":"acct-%d"},"properties":{"feature":"f%d","quantity":%d}}],"sentAt":"%s","writeKey":"%s"}',
    tag, number, math.random(0, 49), now, math.random(0, 999), math.random(0, 19), math.random(1, 10), now, key))
end

if pause > 0 then
  function delay()
    return math.floor(math.random() * 2 * pause + 0.5)
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format('{"requests": %d, "seconds": %.3f, "p50_ms": %.3f, "p99_ms": %.3f, "errors": %d}\n',
    summary.requests - errors.status, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
