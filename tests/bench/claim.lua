-- wrk script: every request is the next line of the token file, a different member.
-- Environment: TOKENS (file), RELEASE (id).
local release = os.getenv("RELEASE")
local tokens
local head = "POST /v1/releases/" .. release .. "/claims HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer "

function init()
  tokens = assert(io.open(os.getenv("TOKENS"), "r"))
  tokens:setvbuf("full", 1048576)
end

function request()
  local token = tokens:read("*l")
  if not token then
    tokens:seek("set", 0)
    token = tokens:read("*l")
  end
  return head .. token .. "\r\n\r\n"
end
