-- report: what one node says of one user, and what follows from it for everybody.
--
-- A node reports all the devices that the user has with it, whatever has changed, so a report can be
-- repeated, and one that was lost is made good by the next. One without devices, of a node that has
-- none, only reads; of a node that is dead, it takes its devices away. The user's status is decided here and
-- nowhere else (contract, section 5), in one atomic step, and told to all nodes if it changed.
--
-- KEYS[1]  hash     user      the visible view, read by other programs; and the rest of what is true
-- KEYS[2]  set      devices   socket ids of the live and lingering devices, of all nodes
-- KEYS[3]  hash     stale     socket id -> node of the devices that have a socket but are not heard
-- KEYS[4]  hash     chosen    status, message, until: what the user chose; outlives the user's hash
--
-- ARGV[1]  prefix of the keys of devices; a device's key is that and its socket id
-- ARGV[2]  channel for the outcome
-- ARGV[3]  user id
-- ARGV[4]  node incarnation that reports
-- ARGV[5]  how often it has attached: it takes back what Redis does of it too late
-- ARGV[6]  version that the node knows; what is given out is above it
-- ARGV[7]  when the user was last seen on that node, ms; 0: never
-- ARGV[8]  why the user would be offline now: `disconnected` or `inactive`
-- ARGV[9]  socket id of the device that wants to join with this report, or empty
-- ARGV[10] most live and stale devices of a user
-- ARGV[11] seconds for which the user is remembered when offline
-- ARGV[12] `keep`: the choice stays; otherwise the status chosen, `online` for none
-- ARGV[13] its message, or empty
-- ARGV[14] when it ends, ms; 0: never
-- ARGV[15] and so on, eleven for each device: socket id, state (`live`, `lingering` or `stale`),
--          idle (0 or 1), deviceType, connectedAt, lastHeartbeat, ipAddress, userAgent, os,
--          browser, deviceId
--
-- Answers with the same text that is published: `what`, then the truth. Each part is written as its
-- length, a colon, and itself:
--   what (`changed`, `same` or `too_many`), user id, node that reported, how often it has attached,
--   version, status, autoAway (0 or 1), customMessage, lastSeen (visible), offlineReason, lastSeen
--   (own), visibleSince, chosenStatus, chosenMessage, chosenUntil, number of devices that were
--   replaced or made room, their socket ids, number of devices, and for each that is live or
--   lingering: socket id, state, idle, deviceType, connectedAt, node

local USER, DEVICES, STALE, CHOSEN = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local prefix, node, joining = ARGV[1], ARGV[4], ARGV[9]
local FIRST, PER_DEVICE = 15, 11
local USER_TTL, DEVICE_TTL = 300, 180

local time = redis.call('TIME')
local now_us = tonumber(time[1]) * 1000000 + tonumber(time[2])
local now = math.floor(now_us / 1000)

local function whole(number) return string.format('%.0f', number) end
local function text(value) return value or '' end

-- Most users and devices are as most are: of what is `{value, usual value}`, only the unusual is kept.
local function keep(key, fields, unusual)
  local usual = {}
  for name, value in pairs(unusual) do
    if value[1] == value[2] then
      usual[#usual + 1] = name
    else
      fields[#fields + 1] = name
      fields[#fields + 1] = value[1]
    end
  end
  redis.call('HSET', key, unpack(fields))
  if #usual > 0 then redis.call('HDEL', key, unpack(usual)) end
end

-- What was true before.
local kept = redis.call('HMGET', USER, 'version', 'status', 'autoAway', 'customMessage', 'lastSeen',
                        'reason', 'ownLastSeen', 'visibleSince', 'automatic', 'signature')
local version = math.max(tonumber(kept[1] or 0), tonumber(ARGV[6]))
local before = {status = kept[2] or 'offline', auto_away = kept[3] or '0', message = text(kept[4]),
                last_seen = tonumber(kept[5] or 0), reason = kept[6] or 'disconnected'}
local own_last_seen = math.max(tonumber(kept[7] or 0), tonumber(ARGV[7]))
local visible_since = tonumber(kept[8] or 0)
local automatic = kept[9] or 'online'
local chosen = redis.call('HMGET', CHOSEN, 'status', 'message', 'until')
local was_invisible = chosen[1] == 'offline'
if ARGV[12] ~= 'keep' then
  chosen = {ARGV[12], ARGV[13], ARGV[14]}
end
local choice = {status = chosen[1] or 'online', message = text(chosen[2]), ends = tonumber(chosen[3] or 0)}
if choice.ends > 0 and choice.ends <= now then choice = {status = 'online', message = '', ends = 0} end

-- The devices: those of other nodes as they are, those of this node as it says.
local devices, others, reported = {}, {}, {}
for i = FIRST, #ARGV, PER_DEVICE do reported[ARGV[i]] = true end
for _, id in ipairs(redis.call('SMEMBERS', DEVICES)) do
  local d = redis.call('HMGET', prefix .. id, 'node', 'state', 'idle', 'deviceType', 'connectedAt', 'deviceId')
  if not d[1] or (d[1] == node and not reported[id]) then
    redis.call('SREM', DEVICES, id)
    redis.call('DEL', prefix .. id)
  elseif not reported[id] then
    others[#others + 1] = {id = id, node = d[1], state = d[2] or 'live', idle = d[3] or '0', type = d[4],
                           connected = d[5], key = text(d[6])}
  end
end
local stale = 0
local flat = redis.call('HGETALL', STALE)
for i = 1, #flat, 2 do
  if flat[i + 1] == node then
    redis.call('HDEL', STALE, flat[i])
  else
    stale = stale + 1
  end
end

local mine, what = {}, 'same'
for i = FIRST, #ARGV, PER_DEVICE do
  mine[#mine + 1] = {id = ARGV[i], node = node, state = ARGV[i + 1], idle = ARGV[i + 2],
                     type = ARGV[i + 3], connected = ARGV[i + 4], key = ARGV[i + 10], at = i}
end

local dropped = {}
local function drop(other)
  redis.call('SREM', DEVICES, other.id)
  redis.call('DEL', prefix .. other.id)
  dropped[#dropped + 1] = other.id
end

-- A connection with the deviceId of another one replaces it, wherever that is.
local key = ''
for _, d in ipairs(mine) do
  if d.id == joining then key = d.key end
end
local staying = {}
for _, other in ipairs(others) do
  if key ~= '' and key == other.key then drop(other) else staying[#staying + 1] = other end
end
others = staying

-- Lingering ones make room, silently.
if joining ~= '' then
  local connected, lingering = stale, {}
  for _, d in ipairs(others) do
    if d.state == 'lingering' then lingering[#lingering + 1] = d else connected = connected + 1 end
  end
  for _, d in ipairs(mine) do
    if d.state == 'lingering' then lingering[#lingering + 1] = d else connected = connected + 1 end
  end
  local limit = tonumber(ARGV[10])
  if connected > limit then
    what = 'too_many'
    for i, d in ipairs(mine) do
      if d.id == joining then table.remove(mine, i) break end
    end
  else
    while connected + #lingering > limit and #lingering > 0 do
      local gone = table.remove(lingering, 1)
      for _, list in ipairs({others, mine}) do
        for i, d in ipairs(list) do
          if d.id == gone.id then table.remove(list, i) break end
        end
      end
      drop(gone)
    end
  end
end

for _, d in ipairs(mine) do
  local key = prefix .. d.id
  if d.state == 'stale' then
    redis.call('SREM', DEVICES, d.id)
    redis.call('HSET', STALE, d.id, node)
    redis.call('EXPIRE', STALE, USER_TTL)
    redis.call('DEL', key)
  else
    local i = d.at
    keep(key, {'deviceType', d.type, 'connectedAt', d.connected, 'lastHeartbeat', ARGV[i + 5],
               'ipAddress', ARGV[i + 6], 'userAgent', ARGV[i + 7], 'node', node},
         {state = {d.state, 'live'}, idle = {d.idle, '0'}, os = {ARGV[i + 8], ''},
          browser = {ARGV[i + 9], ''}, deviceId = {ARGV[i + 10], ''}})
    redis.call('EXPIRE', key, DEVICE_TTL)
    redis.call('SADD', DEVICES, d.id)
    devices[#devices + 1] = d
  end
end
for _, d in ipairs(others) do devices[#devices + 1] = d end
table.sort(devices, function(a, b)
  local x, y = tonumber(a.connected), tonumber(b.connected)
  if x ~= y then return x < y end
  return a.id < b.id
end)
if #devices > 0 then redis.call('EXPIRE', DEVICES, USER_TTL) end

-- The status: the first line of section 5 that holds.
local any_live, all_idle = false, true
for _, d in ipairs(devices) do
  any_live = any_live or d.state == 'live'
  all_idle = all_idle and d.idle == '1'
end
if any_live then automatic = all_idle and 'away' or 'online' end
local after = {status = automatic, auto_away = automatic == 'away' and '1' or '0', message = choice.message}
if #devices == 0 then
  after = {status = 'offline', auto_away = '0', message = ''}
elseif choice.status ~= 'online' then
  after.status, after.auto_away = choice.status, '0'
end
if after.status == 'offline' then after.message = '' end
if was_invisible and choice.status ~= 'offline' then visible_since = now end
after.last_seen, after.reason = before.last_seen, before.reason
if after.status ~= 'offline' then
  after.last_seen = now
elseif before.status ~= 'offline' then
  local manual = choice.status == 'offline' and #devices > 0
  after.last_seen = manual and now or own_last_seen
  after.reason = manual and 'manual' or ARGV[8]
elseif not kept[2] then
  after.last_seen = own_last_seen
end

-- Everything that anybody may be told of: if it is as it was, nothing is published.
local parts = {after.status, after.auto_away, after.message, choice.status, choice.message,
               whole(choice.ends), whole(visible_since)}
for _, d in ipairs(devices) do
  for _, part in ipairs({d.id, d.state, d.idle, d.type, d.connected, d.node}) do parts[#parts + 1] = part end
end
local signature = redis.sha1hex(table.concat(parts, '\n')):sub(1, 16)
-- Of a user whom nobody knows there is nothing to tell.
local has_choice = choice.status ~= 'online' or choice.message ~= ''
local known = #devices > 0 or own_last_seen > 0 or has_choice or kept[2]
local changed = known and signature ~= kept[10]
if changed then
  -- The events of one change have versions of their own: the next ones.
  version = math.max(version + 8, now_us)
  if what == 'same' then what = 'changed' end
end

-- What is kept.
if not has_choice then
  if chosen[1] then redis.call('DEL', CHOSEN) end
elseif ARGV[12] ~= 'keep' then
  redis.call('DEL', CHOSEN)
  redis.call('HSET', CHOSEN, 'status', choice.status, 'message', choice.message, 'until', whole(choice.ends))
  if choice.ends > 0 then redis.call('PEXPIREAT', CHOSEN, choice.ends) end
end
if known and (changed or tonumber(kept[7] or 0) ~= own_last_seen) then
  local shown = after.status == 'offline' and 0 or #devices
  keep(USER, {'status', after.status, 'lastSeen', whole(after.last_seen), 'deviceCount', shown,
              'version', whole(version), 'signature', signature},
       {autoAway = {after.auto_away, '0'}, reason = {after.reason, 'disconnected'},
        ownLastSeen = {whole(own_last_seen), '0'}, visibleSince = {whole(visible_since), '0'},
        automatic = {automatic, 'online'}, customMessage = {after.message, ''},
        chosenStatus = {choice.status, 'online'}})
end
if #devices > 0 then
  redis.call('EXPIRE', USER, USER_TTL)
elseif known then
  redis.call('EXPIRE', USER, ARGV[11])
end

local answer = {what, ARGV[3], node, ARGV[5], whole(version), after.status, after.auto_away, after.message,
                whole(after.last_seen), after.reason, whole(own_last_seen), whole(visible_since),
                choice.status, choice.message, whole(choice.ends), tostring(#dropped)}
for _, id in ipairs(dropped) do answer[#answer + 1] = id end
answer[#answer + 1] = tostring(#devices)
for _, d in ipairs(devices) do
  for _, part in ipairs({d.id, d.state, d.idle, d.type, d.connected, d.node}) do
    answer[#answer + 1] = part
  end
end
local encoded = {}
for i, part in ipairs(answer) do encoded[i] = #part .. ':' .. part end
encoded = table.concat(encoded)
if changed then redis.call('PUBLISH', ARGV[2], encoded) end
return encoded
