/**
 * Fluent Bit: a Lua filter that redacts every string of a record, at any depth, before an output sees it. Its regex
 * filters only reach fields that they name.
 */
import type { Policy } from "../../policy/index.js";
import type { Artifact } from "../target.js";
import { luaPattern } from "./lua-pattern.js";
import {
  COUNTED_FIELDS,
  FIELD_TAILS,
  NAME_FIELDS,
  OPEN_KEYS,
  SECRET_ARGUMENTS,
  SECRET_FIELDS,
  SECRET_WORDS,
  VALUE_FIELDS,
} from "./secret-names.js";
import { BASE64_STRETCH, REDACTED, SECRET_PATTERNS } from "./secret-patterns.js";

export function fluentBit(policy: Policy): Artifact[] {
  return [
    { kind: "text", path: "logging/fluent-bit/fluent-bit.yaml", byHand: true, text: configuration(policy) },
    {
      kind: "text",
      path: "logging/fluent-bit/redact.lua",
      byHand: true,
      text: redactionScript(),
      holds: ["redaction"],
    },
  ];
}

function configuration(policy: Policy): string {
  const [host = "", port = ""] = policy.targets.logs.endpoint.split(":");
  const zones = policy.zones.map(({ name }) => name);
  return `# Merge into the configuration of the Fluent Bit that runs on each node. The filters stand before every output, so
# nothing leaves the node that they did not see. The files of a zone's containers are read, and no others.
service:
  flush: 1
  log_level: info
pipeline:
  inputs:
    - name: tail
      path: ${zones.map((zone) => `/var/log/containers/*_${zone}_*.log`).join(",")}
      tag: ringfence.*
      multiline.parser: docker, cri
      db: /var/lib/fluent-bit/ringfence.db
      mem_buf_limit: 32MB
  filters:
    - name: kubernetes
      match: ringfence.*
      merge_log: on
      keep_log: off
      annotations: off
    - name: lua
      match: ringfence.*
      script: redact.lua
      call: redact
      # The script catches its own failures and replaces such a record; nothing is passed on as it was.
      protected_mode: true
  outputs:
    - name: forward
      match: ringfence.*
      host: ${host}
      port: ${port}
      tls: on
      tls.verify: on
      require_ack_response: true
`;
}

export function redactionScript(): string {
  const patterns = SECRET_PATTERNS.map(
    ({ source, ignoreCase, needs = "" }) =>
      `  { ${luaString(needs)}, ${luaString(luaPattern(source, ignoreCase === true))} },`,
  );
  const set = (names: readonly string[]) => `{ ${names.map((name) => `[${luaString(name)}] = true`).join(", ")} }`;
  return `-- Replaces secrets in every string of a record, at any depth: by the field's name, and by what they look like.
local REDACTED = ${luaString(REDACTED)}
local FIELDS = { ${SECRET_FIELDS.map(luaString).join(", ")} }
local TAILS = { ${FIELD_TAILS.map(luaString).join(", ")} }
local WORDS = ${set(SECRET_WORDS)}
local OPEN_KEYS = ${set(OPEN_KEYS)}
local COUNTED = { ${COUNTED_FIELDS.map(luaString).join(", ")} }
local ARGUMENTS = ${set(SECRET_ARGUMENTS)}
local NAME_FIELDS = ${set(NAME_FIELDS)}
local VALUE_FIELDS = ${set(VALUE_FIELDS)}
local MAX_DEPTH = 32
-- What a text must hold (in lower case) for a pattern to matter, and the pattern.
local PATTERNS = {
${patterns.join("\n")}
}

local BASE64_STRETCH = ${luaString(luaPattern(BASE64_STRETCH))}

local DIGITS = {}
do
  local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  for i = 1, #alphabet do DIGITS[string.byte(alphabet, i)] = i - 1 end
  DIGITS[string.byte("-")] = 62
  DIGITS[string.byte("_")] = 63
end

local function from_base64(text, first)
  local out, bits, count = {}, 0, 0
  for i = first, #text do
    local digit = DIGITS[string.byte(text, i)]
    if digit == nil then break end
    bits = bits * 64 + digit
    count = count + 6
    if count >= 8 then
      count = count - 8
      local unit = 2 ^ count
      local byte = math.floor(bits / unit)
      bits = bits - byte * unit
      out[#out + 1] = string.char(byte)
    end
  end
  return table.concat(out)
end

local function redact_plain(text)
  local lower = string.lower(text)
  for i = 1, #PATTERNS do
    local needs = PATTERNS[i][1]
    if needs == "" or string.find(lower, needs, 1, true) then
      text = string.gsub(text, PATTERNS[i][2], REDACTED)
    end
  end
  return text
end

-- Secrets in base64 as well, twice if need be: the stretch that holds one goes as a whole. A word may stand right before
-- it, so it is read from each of its first four characters on.
local redact_text
redact_text = function(text, depth)
  text = redact_plain(text)
  if depth == 2 then return text end
  return (string.gsub(text, BASE64_STRETCH, function(stretch)
    local joined = string.gsub(string.gsub(stretch, "\\\\[rn]", ""), "[\\r\\n\\\\]", "")
    for first = 1, 4 do
      local decoded = from_base64(joined, first)
      if redact_text(decoded, (depth or 0) + 1) ~= decoded then return REDACTED end
    end
    return nil
  end))
end

local function ends_with(text, ending)
  return #ending > 0 and string.sub(text, -#ending) == ending
end

-- Whether a name says that its value is a secret.
local function is_secret_name(name)
  if type(name) ~= "string" or #name > 256 then return false end
  local spaced = string.lower((string.gsub(name, "(%l)(%u)", "%1_%2")))
  spaced = string.gsub(spaced, "[%s_%-%.:=]*v?%d*[%s:=]*$", "")
  local plain = string.gsub(spaced, "[_%-%.%s]", "")
  for i = 1, #TAILS do
    if ends_with(plain, TAILS[i]) then plain = string.sub(plain, 1, -#TAILS[i] - 1) end
  end
  local singular = string.gsub(plain, "s$", "")
  for i = 1, #FIELDS do
    if ends_with(plain, FIELDS[i]) or ends_with(singular, FIELDS[i]) then return true end
  end
  local before, last = string.match(spaced, "(%a+)[^%a]+(%a+)$")
  last = last or string.match(spaced, "%a+$")
  if last == nil then return false end
  if WORDS[last] then return true end
  return (last == "key" or last == "keys") and before ~= nil and not OPEN_KEYS[before]
end

-- Whether what it names is counted as often as held: a number stays.
local function is_counted(name)
  local plain = string.gsub(string.lower(tostring(name)), "[^%a]", "")
  for i = 1, #COUNTED do
    if ends_with(plain, COUNTED[i]) then return true end
  end
  return false
end

local function hide(value, name)
  local kind = type(value)
  if kind == "string" or kind == "table" then return REDACTED end
  if kind == "number" and not is_counted(name) then return REDACTED end
  return value
end

-- Whether an element of a list says that the next one is a secret: ["--password", ...], ["Authorization", ...].
local function names_next(value)
  return type(value) == "string" and (ARGUMENTS[value] or (#value <= 64 and is_secret_name(value))) and true or false
end

local redact_value

local function redact_table(holder, depth)
  -- {name = "DB_PASSWORD", value = ...}: the one names what the other holds.
  local named = false
  for key, value in pairs(holder) do
    if NAME_FIELDS[string.lower(tostring(key))] and is_secret_name(value) then named = true end
  end
  local result = {}
  for key, value in pairs(holder) do
    local lower = string.lower(tostring(key))
    if is_secret_name(key) or (named and VALUE_FIELDS[lower]) then
      result[key] = hide(value, key)
    elseif type(key) == "number" and names_next(holder[key - 1]) then
      result[key] = hide(value, "")
    else
      result[type(key) == "string" and redact_text(key) or key] = redact_value(value, depth + 1)
    end
  end
  return result
end

redact_value = function(value, depth)
  local kind = type(value)
  if kind == "string" then return redact_text(value) end
  if kind ~= "table" then return value end
  -- What nests deeper than is looked at does not leave.
  if depth > MAX_DEPTH then return REDACTED end
  return redact_table(value, depth)
end

-- Fluent Bit calls it for each record; 2: the record is changed, its time is not.
function redact(tag, timestamp, record)
  local fine, result = pcall(redact_value, record, 1)
  if not fine then return 2, timestamp, { log = REDACTED, error = "the record could not be redacted" } end
  return 2, timestamp, result
end
`;
}

/** A Lua string literal. */
function luaString(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n").replaceAll("\r", "\\r")}"`;
}
