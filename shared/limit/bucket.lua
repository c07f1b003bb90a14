-- A bucket holds tokens: it fills at ARGV[1] a second up to ARGV[2]. As many are taken as there are, at most ARGV[3],
-- and the answer is their number, negative; of none it is in how many milliseconds there will be one. One key, one hash,
-- and the server's own clock, which all who ask share.
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local rate, burst = tonumber(ARGV[1]) / 1000, tonumber(ARGV[2])
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(kept[1]) or burst, tonumber(kept[2]) or now
tokens = math.min(burst, tokens + math.max(0, now - at) * rate) -- a clock that went back takes nothing away
local answer
if tokens >= 1 then
  local taken = math.min(math.floor(tokens), tonumber(ARGV[3]))
  tokens, answer = tokens - taken, -taken
else
  answer = math.max(1, math.ceil((1 - tokens) / rate))
end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.max(1000, math.ceil(2 * burst / rate))))
return answer
