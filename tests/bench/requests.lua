-- wrk script: every request is a POST of the next line of the file: its path, a token and a JSON body, with tabs between.
-- At the end of the file none is sent any more that can succeed. Environment: REQUESTS (file).
local lines
local over = "POST / HTTP/1.1\r\nHost: bench\r\nContent-Length: 0\r\n\r\n"

function init()
  lines = assert(io.open(os.getenv("REQUESTS"), "r"))
  lines:setvbuf("full", 1048576)
end

function request()
  local line = lines:read("*l")
  if not line then
    return over
  end
  local path, token, body = line:match("^([^\t]*)\t([^\t]*)\t(.*)$")
  return "POST " .. path .. " HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer " .. token ..
    "\r\nContent-Type: application/json\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end
