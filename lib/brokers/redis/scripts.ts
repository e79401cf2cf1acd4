import { Script } from './connection.ts';

/*
 * An entry stays in the stream, and pending in the group, until it is acknowledged. The sorted set only says when an entry
 * is to be delivered again: if it is lost, the entry is delivered after the visibility time, as if its consumer had crashed.
 *
 * Scripts are atomic. They run although the memory is full (`allow-oom`): they add a few bytes, or free some.
 */

/**
 * Settles deliveries. A delivery is current as long as its entry is pending for its consumer with its count.
 *
 * Keys: stream, sorted set. Arguments: group, consumer, and then for each delivery: `ack`, `retry` or `extend`, the id, the
 * count, the wait in milliseconds. Returns for each delivery 1 if it was settled, 0 if it isn't current, -1 if its entry isn't
 * pending: it was acknowledged, or deleted.
 */
export const SETTLE = new Script(`#!lua flags=allow-oom
local stream, waiting = KEYS[1], KEYS[2]
local group, consumer = ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local results = {}
for i = 3, #ARGV, 4 do
  local action, id, count, wait = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
  local pending = redis.call('XPENDING', stream, group, id, id, 1)[1]
  local result = 1
  if not pending then
    result = -1
  elseif pending[2] ~= consumer or pending[4] ~= count then
    result = 0
  elseif action == 'ack' then
    redis.call('XACK', stream, group, id)
    redis.call('XDEL', stream, id)
    redis.call('ZREM', waiting, id)
  elseif action == 'retry' then
    redis.call('ZADD', waiting, now + wait, id)
  else
    redis.call('XCLAIM', stream, group, consumer, 0, id, 'JUSTID')
  end
  results[#results + 1] = result
end
return results
`);

/**
 * Claims entries that are due. If there is a cursor, it first goes on to search for entries whose consumer is gone, and
 * makes them due.
 *
 * Keys: stream, sorted set. Arguments: group, consumer, most entries, visibility time in milliseconds, cursor or ''. Returns
 * the entries (id, fields, count), the next cursor (`0-0` after the last one), the milliseconds until an entry is due (-1
 * if none is), and the ids of entries that are pending and were deleted by another client.
 */
export const CLAIM = new Script(`#!lua flags=allow-oom
local stream, waiting = KEYS[1], KEYS[2]
local group, consumer, max, visibility, cursor = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local claimed, lost = {}, {}
if cursor ~= '' then
  local found = redis.call('XAUTOCLAIM', stream, group, consumer, visibility, cursor, 'COUNT', 100, 'JUSTID')
  cursor, lost = found[1], found[3]
  for _, id in ipairs(found[2]) do
    redis.call('ZADD', waiting, 'NX', now, id)
  end
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', waiting, '-inf', now, 'LIMIT', 0, max)) do
  if redis.call('XPENDING', stream, group, id, id, 1)[1] then
    local entry = redis.call('XCLAIM', stream, group, consumer, 0, id)[1]
    if entry then
      entry[3] = redis.call('XPENDING', stream, group, id, id, 1)[1][4]
      claimed[#claimed + 1] = entry
    else
      lost[#lost + 1] = id
    end
  end
  redis.call('ZREM', waiting, id)
end
local due = -1
local first = redis.call('ZRANGE', waiting, 0, 0, 'WITHSCORES')
if first[2] then due = math.max(0, tonumber(first[2]) - now) end
return { claimed, cursor, due, lost }
`);

/**
 * Deletes consumers without pending entries: one by its name, or all that made no call for a time.
 *
 * Key: stream. Arguments: group, the consumer or '', the time in milliseconds.
 */
export const DELETE_CONSUMERS = new Script(`#!lua flags=allow-oom
for _, info in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local fields = {}
  for i = 1, #info, 2 do fields[info[i]] = info[i + 1] end
  local isMeant = fields.name == ARGV[2] or (ARGV[2] == '' and fields.idle > tonumber(ARGV[3]))
  if isMeant and fields.pending == 0 then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], fields.name)
  end
end
return 0
`);
