-- lease: a node says that it is alive, and learns of the others.
--
-- An incarnation of a node (its id and when it began) holds a lease; whoever has none is dead, and
-- the others take over its devices (contract, section 9). All times are those of this server.
--
-- KEYS[1]  hash  nodes   incarnation -> `ENDS NUMBER SECRET ADDRESS`: when its lease ends (ms), the
--                        number that sids name it by, what proves to it that another node calls,
--                        and where the others reach it
--
-- ARGV[1]  incarnation that renews its lease
-- ARGV[2]  its address, or empty
-- ARGV[3]  length of a lease, ms; 0: it is given back
-- ARGV[4]  node id, the same over restarts: earlier incarnations of it are dead
-- ARGV[5]  how long the dead are remembered, ms
-- ARGV[6]  the number that it would like to have, 1 to 65535
-- ARGV[7]  its secret, which tells processes apart: not empty, no spaces
--
-- A new incarnation gets the number it asks for, or the next one that no other process has, dead
-- ones included that are remembered: somebody may still hold sids of those.
--
-- Answers with five values for each incarnation: itself, milliseconds until its lease ends (0 or
-- less: dead), its number, secret and address. If its own lease had ended, the caller has been taken
-- for dead; it is not renewed then.

local NODES = KEYS[1]
local me, length, number, secret = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[6]), ARGV[7]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local answer = {}
local function tell(incarnation, left, number, secret, address)
  for _, value in ipairs({incarnation, left, number, secret, address}) do
    answer[#answer + 1] = value
  end
end
local function keep(incarnation, ends, number, secret, address)
  local entry = string.format('%.0f %d %s %s', ends, number, secret, address)
  redis.call('HSET', NODES, incarnation, entry)
end

local mine
local taken = {}
local flat = redis.call('HGETALL', NODES)
for i = 1, #flat, 2 do
  local incarnation = flat[i]
  local ends, his_number, his_secret, address = flat[i + 1]:match('^(%d+) (%d+) (%S+) (.*)$')
  ends, his_number = tonumber(ends), tonumber(his_number)
  if not ends then
    redis.call('HDEL', NODES, incarnation)  -- not written by a node
  elseif incarnation == me then
    mine = ends
    number = his_number
  else
    if ends > now and incarnation:sub(1, #ARGV[4] + 1) == ARGV[4] .. ':' then
      ends = now
      keep(incarnation, ends, his_number, his_secret, address)
    end
    if his_secret ~= secret then taken[his_number] = true end
    if ends + tonumber(ARGV[5]) < now then
      redis.call('HDEL', NODES, incarnation)
    else
      tell(incarnation, ends - now, his_number, his_secret, address)
    end
  end
end

if not mine then
  while taken[number] do number = number % 65535 + 1 end
end
if mine and mine <= now then
  tell(me, mine - now, number, secret, ARGV[2])
else
  keep(me, now + length, number, secret, ARGV[2])
  tell(me, length, number, secret, ARGV[2])
end
return answer
