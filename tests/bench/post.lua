-- wrk script: every request is a POST with the next line of the token file, a different member; at the end of the file
-- it begins again. Environment: TOKENS (file), TARGET (path), BODIES (file, a JSON body a line, in turn; unset: none).
local tokens
local bodies = {}
local n = 0
local head = "POST " .. os.getenv("TARGET") .. " HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer "

function init()
  tokens = assert(io.open(os.getenv("TOKENS"), "r"))
  tokens:setvbuf("full", 1048576)
  for line in io.lines(os.getenv("BODIES") or "/dev/null") do
    bodies[#bodies + 1] = "\r\nContent-Type: application/json\r\nContent-Length: " .. #line .. "\r\n\r\n" .. line
  end
  if #bodies == 0 then
    bodies[1] = "\r\n\r\n"
  end
end

function request()
  local token = tokens:read("*l")
  if not token then
    tokens:seek("set", 0)
    token = tokens:read("*l")
  end
  n = n + 1
  return head .. token .. bodies[n % #bodies + 1]
end
