/** What runs in the server, in one piece each (https://redis.io/docs/latest/develop/programmability/eval-intro/). */
import { createHash } from 'node:crypto';
import { SAME_END_MS } from '../share/merge.ts';
import { ENTRY_LENGTH_MAX } from './entry.ts';

export interface Script {
  readonly text: string;
  readonly sha1: string;
}

const script = (text: string): Script => ({ text, sha1: createHash('sha1').update(text).digest('hex') });

/** Entries that the stream keeps, about. A host that was away for more reads what is in force instead. */
const STREAM_LENGTH = 100_000;
/** A release is remembered for so long: a host that was cut off from the others for longer may bring a lifted ban back. */
const RELEASE_DAYS = 30;
/** Longest name of a host with what it says of itself; some 200 bytes are usual. */
const BEAT_LENGTH_MAX = 4096;
/** A client stays on watch for at least this long, and as long as its level has not drained. */
export const WATCH_MS = 60_000;
/** Ended bans that a call removes at most. */
const SWEEP = 200;
/** Hosts of which the server keeps what they say. */
const HOSTS_MAX = 1000;
/** Stands in each collection that is to last, and nothing else has this name: one that lacks it was thrown away, by an eviction for example. */
export const MARK = '';
/** The field of the entry that does the same in the stream. */
export const STREAM_MARK = 'm';
/** Numbers in a batch of orders for each of them: kind, target, atMs, untilMs or inf, text. */
export const ORDER_ARGUMENTS = 5;

const NOW = `local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)`;

/** Asks about a key; deletes one of another type than zban's, which somebody else put there, and answers nothing. */
const ASK = `local function ask(command, key, ...)
  local answer = redis.pcall(command, key, ...)
  if type(answer) ~= 'table' or not answer.err then return answer end
  if not string.find(answer.err, 'WRONGTYPE', 1, true) then error(answer) end
  redis.call('DEL', key)
end`;

/**
 * Takes in decisions: the stream and what is in force, as one. What is no news is not told again, so that a call may be repeated.
 * KEYS bans active details lifted releases allowed panic; answers for each \`new\`, \`known\`, or \`lifted\` for a ban that a person lifted since.
 */
export const PUBLISH = script(`${NOW}
-- When an entry was decided: 0 for one that is not understood, which gives way.
local function timeOf(text)
  if #text > ${ENTRY_LENGTH_MAX} then return 0 end
  local isRead, entry = pcall(cjson.decode, text)
  if not isRead or type(entry) ~= 'table' then return 0 end
  return tonumber(entry.at) or 0, entry.kind
end
local bans, active, details, lifted, releases, allowed, panic = unpack(KEYS)
local answers = {}
for i = 1, #ARGV, ${ORDER_ARGUMENTS} do
  local kind, target, at, text = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), ARGV[i + 4]
  -- What was decided in the future would overrule all that comes until then.
  if at > now then
    local entry = cjson.decode(text)
    at, entry.at = now, now
    text = cjson.encode(entry)
  end
  local answer = 'new'
  if kind == 'ban' then
    local till = tonumber(ARGV[i + 3])
    local release = math.max(tonumber(redis.call('ZSCORE', lifted, target) or '-1'), tonumber(redis.call('ZSCORE', lifted, '*') or '-1'))
    local before = redis.call('ZSCORE', active, target)
    if release >= at then answer = 'lifted'
    elseif before and (tonumber(before) == math.huge or till <= tonumber(before) + ${SAME_END_MS}) then answer = 'known'
    elseif till <= now then answer = 'known'
    else
      redis.call('ZADD', active, ARGV[i + 3], target)
      redis.call('HSET', details, target, text)
    end
  elseif kind == 'unban' then
    local before = tonumber(redis.call('ZSCORE', lifted, target) or '-1')
    if before >= at then answer = 'known'
    else
      redis.call('ZADD', lifted, at, target)
      redis.call('HSET', releases, target, text)
      local known = redis.call('HGET', details, target)
      if known and timeOf(known) <= at then
        redis.call('ZREM', active, target)
        redis.call('HDEL', details, target)
      end
    end
  elseif kind == 'allow' or kind == 'disallow' then
    local known = redis.call('HGET', allowed, target)
    if known and timeOf(known) >= at then answer = 'known' else redis.call('HSET', allowed, target, text) end
  else
    local known = redis.call('GET', panic)
    if known then
      local before, kindBefore = timeOf(known)
      if before >= at or kindBefore == kind then answer = 'known' end
    end
    if answer == 'new' then redis.call('SET', panic, text) end
    if answer == 'new' and kind == 'panic' then
      redis.call('DEL', active, details)
      redis.call('ZADD', active, 'inf', '${MARK}')
      redis.call('HSET', details, '${MARK}', '')
      redis.call('ZADD', lifted, at, '*')
    end
  end
  if answer == 'new' then redis.call('XADD', bans, 'MAXLEN', '~', ${STREAM_LENGTH}, '*', 'e', text) end
  answers[#answers + 1] = answer
end
local over = redis.call('ZRANGEBYSCORE', active, '-inf', now, 'LIMIT', 0, ${SWEEP})
if #over > 0 then
  redis.call('ZREM', active, unpack(over))
  redis.call('HDEL', details, unpack(over))
end
local old = redis.call('ZRANGEBYSCORE', lifted, '-inf', now - ${RELEASE_DAYS * 86_400_000}, 'LIMIT', 0, ${SWEEP})
if #old > 0 then
  redis.call('ZREM', lifted, unpack(old))
  redis.call('HDEL', releases, unpack(old))
end
return answers`);

/**
 * A host says that it is there. KEYS hosts epoch panic watch bans active details lifted releases allowed; ARGV host, what it says of itself (JSON),
 * ms after which a silent host is gone, an epoch for an empty server. What is not whole is emptied, and the server counts as another
 * one from then on. Answers the server's time, its epoch, how many hosts share counts, and the id of its history of
 * writes (empty for a user who may not ask): a replica that takes over begins another one, and may lack the last writes before; last,
 * what was said under this host's name before.
 */
export const BEAT = script(`${NOW}
${ASK}
local hosts, epoch, panic, watch, bans, active, details, lifted, releases, allowed = unpack(KEYS)
local isWhole = #(ask('GET', epoch) or '') == #ARGV[4]
local function keep(hash, set)
  if ask('HGET', hash, '${MARK}') == '' and (not set or ask('ZSCORE', set, '${MARK}')) then return end
  isWhole = false
  redis.call('DEL', hash)
  redis.call('HSET', hash, '${MARK}', '')
  if not set then return end
  redis.call('DEL', set)
  redis.call('ZADD', set, 'inf', '${MARK}')
end
keep(details, active)
keep(releases, lifted)
keep(allowed)
-- A stream that begins with what is no entry by its length would cost as much to read each time.
local function begins(stream)
  local first = (ask('XRANGE', stream, '-', '+', 'COUNT', 1) or {})[1]
  local length = 0
  for _, text in ipairs(first and first[2] or {}) do length = length + #text end
  if length > ${ENTRY_LENGTH_MAX} then redis.call('DEL', stream) end
  return first and length <= ${ENTRY_LENGTH_MAX}
end
if not begins(bans) then
  isWhole = false
  redis.call('XADD', bans, '*', '${STREAM_MARK}', '')
end
begins(watch)
if #(ask('GET', panic) or '') > ${ENTRY_LENGTH_MAX} then redis.call('DEL', panic) end
if not isWhole then redis.call('SET', epoch, ARGV[4]) end
local before = ask('HGET', hosts, ARGV[1]) or ''
if #before > ${BEAT_LENGTH_MAX} then before = '' end
redis.call('HSET', hosts, ARGV[1], now .. ' ' .. ARGV[2])
local live = 0
local all = redis.call('HGETALL', hosts)
for i = 1, #all, 2 do
  local at = tonumber(string.match(all[i + 1], '^%d+') or '0')
  local length = #all[i] + #all[i + 1]
  if math.abs(now - at) > 86400000 or length > ${BEAT_LENGTH_MAX} or i > ${2 * HOSTS_MAX} then redis.call('HDEL', hosts, all[i])
  elseif at >= now - tonumber(ARGV[3]) and string.find(all[i + 1], '"counts":true', 1, true) then live = live + 1 end
end
local info = redis.pcall('INFO', 'replication')
local history = type(info) == 'string' and string.match(info, 'master_replid:(%x+)') or ''
return { tostring(now), redis.call('GET', epoch), live, history, before }`);

/**
 * Pours points into the buckets of one shard (test/share/shared-bucket.ts has it in TypeScript). KEYS batches, then one for each client. ARGV host,
 * number of the batch, whether this host may ban, then for each client its counts: \`RULE POINTS LIMIT LEAK\` and so on. A batch
 * that comes again changes nothing. Answers for each client \`WATCHED_MS NEW\` and \`RULE LEVEL LEAK OVER\` for each count, where NEW
 * is 1 for a client that the others are to be told of, and OVER is 1 where this host is to decide.
 */
export const COUNT = script(`${NOW}
${ASK}
local host, batch, bans = ARGV[1], tonumber(ARGV[2]), ARGV[3] == '1'
local again = tonumber(ask('HGET', KEYS[1], host) or '-1') >= batch
if not again then
  redis.call('HSET', KEYS[1], host, batch)
  redis.call('PEXPIRE', KEYS[1], 3600000)
end
local answers = {}
for k = 2, #KEYS do
  local key = KEYS[k]
  local watched = tonumber(ask('HGET', key, 'watch') or '0') or 0
  local words = {}
  local drains = 0
  for rule, points, limit, leak in string.gmatch(ARGV[k + 2], '(%S+) (%S+) (%S+) (%S+)') do
    points, limit, leak = tonumber(points), tonumber(limit), tonumber(leak)
    local level = 0
    local known = redis.call('HGET', key, rule)
    if known then
      local before, at, drain = string.match(known, '^([%d.]+) (%d+) ([%d.]+)$')
      before, at, drain = tonumber(before) or 0, tonumber(at) or now, tonumber(drain) or 0
      level = math.max(0, before - drain * math.max(0, now - at) / 1000)
      if level > 0 then leak = math.max(leak, drain) end
    end
    if not again then level = math.max(0, level + points) end
    local over = '0'
    if level > limit then
      if not bans then over = '1'
      elseif not redis.call('HGET', key, 'by') or tonumber(redis.call('HGET', key, 'since') or '0') < now - ${WATCH_MS} then
        redis.call('HSET', key, 'by', host, 'since', now)
        over = '1'
      elseif again and redis.call('HGET', key, 'by') == host then over = '1' end
    end
    if not again then redis.call('HSET', key, rule, string.format('%.4f %d %.6f', math.min(level, limit), now, leak)) end
    if leak > 0 then drains = math.max(drains, math.ceil(math.min(level, limit) / leak * 1000)) end
    words[#words + 1] = string.format('%s %.4f %.6f %s', rule, level, leak, over)
  end
  local isNew = '0'
  if watched <= now or watched < now + drains then
    watched = now + drains + ${WATCH_MS}
    isNew = '1'
    redis.call('HSET', key, 'watch', watched)
  end
  redis.call('PEXPIRE', key, watched - now + ${WATCH_MS})
  answers[#answers + 1] = (watched - now) .. ' ' .. isNew .. ' ' .. table.concat(words, ' ')
end
return answers`);

/**
 * Carries out a command that reads, and empties what is longer than an entry may be, or is an entry of other fields: anyone who may
 * write to the server may put something there that fills a host's memory. KEYS those of the command; ARGV its words.
 */
export const READ = script(`local isStream = string.sub(ARGV[1], 1, 1) == 'X'
local function cut(value)
  if type(value) == 'string' and #value > ${ENTRY_LENGTH_MAX} then return '' end
  if type(value) ~= 'table' then return value end
  if isStream and #value > 2 and type(value[1]) == 'string' then return {} end
  for i = 1, #value do value[i] = cut(value[i]) end
  return value
end
return cut(redis.call(unpack(ARGV)))`);

/** Does what the other scripts do, for `zban doctor`, and says what it may not. KEYS a key of its own, which is gone afterwards. */
export const TRIAL = script(`local key = KEYS[1]
for _, words in ipairs({
  { 'DEL', key }, { 'XADD', key, 'MAXLEN', '~', 1, '*', 'e', 'doctor' }, { 'DEL', key },
  { 'ZADD', key, 1, 'm' }, { 'PEXPIRE', key, 60000 }, { 'ZSCORE', key, 'm' }, { 'ZRANGEBYSCORE', key, 1, 1 }, { 'ZREM', key, 'm' },
  { 'HSET', key, 'f', 'v' }, { 'HGET', key, 'f' }, { 'HGETALL', key }, { 'HDEL', key, 'f' },
  { 'SET', key, 'v' }, { 'GET', key }, { 'DEL', key }, { 'TIME' },
}) do
  local answer = redis.pcall(unpack(words))
  if type(answer) == 'table' and answer.err then
    redis.pcall('DEL', key)
    return redis.error_reply(words[1] .. ' in a script: ' .. answer.err)
  end
end`);
