-- lease: a node says that it is alive, and learns of the others.
--
-- An incarnation of a node (its id and when it began) holds a lease; whoever has none is dead, and
-- the others take over its devices (contract, section 9). All times are those of this server.
--
-- KEYS[1]  hash  nodes   incarnation -> when its lease ends (ms), a space, its address for the others
--
-- ARGV[1]  incarnation that renews its lease
-- ARGV[2]  its address, or empty
-- ARGV[3]  length of a lease, ms; 0: it is given back
-- ARGV[4]  node id, the same over restarts: earlier incarnations of it are dead
-- ARGV[5]  how long the dead are remembered, ms
--
-- Answers with three values for each incarnation: itself, milliseconds until its lease ends (0 or
-- less: dead), its address. If its own lease had ended, the caller has been taken for dead; it is
-- not renewed then.

local NODES = KEYS[1]
local me, length = ARGV[1], tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local answer = {}
local function tell(incarnation, left, address)
  answer[#answer + 1] = incarnation
  answer[#answer + 1] = left
  answer[#answer + 1] = address
end

local mine
local flat = redis.call('HGETALL', NODES)
for i = 1, #flat, 2 do
  local incarnation = flat[i]
  local ends, address = flat[i + 1]:match('^(%d+) (.*)$')
  ends = tonumber(ends)
  if incarnation == me then
    mine = ends
  else
    if ends > now and incarnation:sub(1, #ARGV[4] + 1) == ARGV[4] .. ':' then
      ends = now
      redis.call('HSET', NODES, incarnation, string.format('%.0f %s', ends, address))
    end
    if ends + tonumber(ARGV[5]) < now then
      redis.call('HDEL', NODES, incarnation)
    else
      tell(incarnation, ends - now, address)
    end
  end
end

if mine and mine <= now then
  tell(me, mine - now, ARGV[2])
elseif length == 0 then
  redis.call('HSET', NODES, me, string.format('%.0f %s', now, ARGV[2]))
  tell(me, 0, ARGV[2])
else
  redis.call('HSET', NODES, me, string.format('%.0f %s', now + length, ARGV[2]))
  tell(me, length, ARGV[2])
end
return answer
