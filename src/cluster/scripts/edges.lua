-- Changes of what one user sees, decided and published in one step: the order in which they are
-- published is the order in which they happened.
--
-- KEYS: contacts, blockedby of the user.
-- ARGV: the channel, the user, then of each change that is wanted:
--   added, removed, blocked or unblocked; the other user (whom the user sees, who blocks the user)
-- Answers and publishes what really changed (cluster/edge_changes.h); publishes nothing if nothing
-- did. A block without an edge is kept, and is no change.

local CONTACTS, BLOCKED_BY = KEYS[1], KEYS[2]
local viewer = ARGV[2]

local count, parts = 0, {}
local function tell(kind, subject, blocked)
  count = count + 1
  for _, part in ipairs({kind, viewer, subject, tostring(blocked)}) do parts[#parts + 1] = #part .. ':' .. part end
end

for i = 3, #ARGV, 2 do
  local kind, subject = ARGV[i], ARGV[i + 1]
  if kind == 'added' then
    if redis.call('SADD', CONTACTS, subject) == 1 then
      tell(kind, subject, redis.call('SISMEMBER', BLOCKED_BY, subject))
    end
  elseif kind == 'removed' then
    if redis.call('SREM', CONTACTS, subject) == 1 then tell(kind, subject, 0) end
  else
    local command = kind == 'blocked' and 'SADD' or 'SREM'
    if redis.call(command, BLOCKED_BY, subject) == 1 and redis.call('SISMEMBER', CONTACTS, subject) == 1 then
      tell(kind, subject, kind == 'blocked' and 1 or 0)
    end
  end
end

local total = tostring(count)
local encoded = #total .. ':' .. total .. table.concat(parts)
if count > 0 then redis.call('PUBLISH', ARGV[1], encoded) end
return encoded
