/** Fluentd: a filter plugin that redacts every string of a record, at any depth, before any output sees it. */
import type { Policy } from "../../policy/index.js";
import type { Artifact } from "../target.js";
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

export function fluentd(policy: Policy): Artifact[] {
  return [
    { kind: "text", path: "logging/fluentd/fluent.conf", byHand: true, text: configuration(policy) },
    {
      kind: "text",
      path: "logging/fluentd/plugins/filter_ringfence_redact.rb",
      byHand: true,
      text: redactionPlugin(),
      holds: ["redaction"],
    },
  ];
}

function configuration(policy: Policy): string {
  const [host = "", port = ""] = policy.targets.logs.endpoint.split(":");
  const zones = policy.zones.map(({ name }) => name);
  return `# Merge into the configuration of the Fluentd that runs on each node, and start it with \`-p plugins\`. The filter stands
# before every output, so nothing leaves the node that it did not see. The files of a zone's containers are read, and no others.
<source>
  @type tail
  path ${zones.map((zone) => `/var/log/containers/*_${zone}_*.log`).join(",")}
  pos_file /var/lib/fluentd/ringfence.pos
  tag ringfence.*
  # A line as the container runtime writes it; what the container itself wrote stands in \`log\`.
  <parse>
    @type regexp
    expression /^(?<time>[^ ]+) (?<stream>stdout|stderr) (?<part>[FP]) (?<log>.*)$/
    time_format %Y-%m-%dT%H:%M:%S.%N%:z
  </parse>
</source>

# A line that is a JSON object becomes fields, so that they are known by name; another stays text.
<filter ringfence.**>
  @type parser
  key_name log
  reserve_data true
  reserve_time true
  remove_key_name_field true
  emit_invalid_record_to_error false
  <parse>
    @type json
  </parse>
</filter>

<filter ringfence.**>
  @type ringfence_redact
</filter>

# What could not be read was not redacted either: it goes nowhere.
<label @ERROR>
  <match **>
    @type null
  </match>
</label>

<match ringfence.**>
  @type forward
  transport tls
  tls_verify_hostname true
  require_ack_response true
  <server>
    host ${host}
    port ${port}
  </server>
  <buffer>
    @type file
    path /var/lib/fluentd/buffer
  </buffer>
</match>
`;
}

export function redactionPlugin(): string {
  const patterns = SECRET_PATTERNS.map(
    ({ source, ignoreCase, needs = "" }) =>
      `    ['${needs}', /${source.replaceAll("/", "\\/")}/${ignoreCase === true ? "i" : ""}],`,
  );
  const words = (names: readonly string[]) => `%w[${names.join(" ")}].freeze`;
  return `# Replaces secrets in every string of a record, at any depth: by the field's name, and by what they look like.
module RingfenceRedaction
  REDACTED = '${REDACTED}'.freeze
  FIELDS = ${words(SECRET_FIELDS)}
  TAILS = ${words(FIELD_TAILS)}
  WORDS = ${words(SECRET_WORDS)}
  OPEN_KEYS = ${words(OPEN_KEYS)}
  COUNTED = ${words(COUNTED_FIELDS)}
  ARGUMENTS = ${words(SECRET_ARGUMENTS)}
  NAME_FIELDS = ${words(NAME_FIELDS)}
  VALUE_FIELDS = ${words(VALUE_FIELDS)}
  MAX_DEPTH = 32
  # What a text must hold (in lower case) for a pattern to matter, and the pattern.
  PATTERNS = [
${patterns.join("\n")}
  ].freeze

  BASE64_STRETCH = /${BASE64_STRETCH.replaceAll("/", "\\/")}/

  module_function

  def utf8(value)
    return value if value.encoding == Encoding::UTF_8 && value.valid_encoding?

    value.dup.force_encoding('UTF-8').scrub('?')
  end

  def plain(value)
    lower = value.downcase
    PATTERNS.reduce(value) do |current, (needs, pattern)|
      lower.include?(needs) ? current.gsub(pattern, REDACTED) : current
    end
  end

  # Secrets in base64 as well, twice if need be: the stretch that holds one goes as a whole. A word may stand right before
  # it, so it is read from each of its first four characters on.
  def text(value, depth = 0)
    redacted = plain(utf8(value))
    return redacted if depth == 2

    redacted.gsub(BASE64_STRETCH) { |stretch| base64_secret?(stretch, depth) ? REDACTED : stretch }
  end

  def base64_secret?(stretch, depth)
    joined = stretch.gsub(/\\\\[rn]/, '').delete("\\r\\n\\\\").tr('-_', '+/')
    (0..3).any? do |first|
      decoded = utf8(joined[first..].unpack1('m'))
      text(decoded, depth + 1) != decoded
    end
  end

  # Whether a name says that its value is a secret.
  def secret_name?(name)
    return false unless name.is_a?(String) || name.is_a?(Symbol)
    return false if name.length > 256

    spaced = utf8(name.to_s).gsub(/([a-z])([A-Z])/, '\\1_\\2').downcase.sub(/[\\s_.:=-]*v?[0-9]*[\\s:=]*\\z/, '')
    plain = spaced.gsub(/[_\\-.\\s]/, '')
    TAILS.each { |tail| plain = plain.delete_suffix(tail) }
    return true if FIELDS.any? { |field| plain.end_with?(field) || plain.delete_suffix('s').end_with?(field) }

    *, before, last = [nil, *spaced.scan(/[a-z]+/)]
    return false unless last && spaced.end_with?(last)

    WORDS.include?(last) || (%w[key keys].include?(last) && !before.nil? && !OPEN_KEYS.include?(before))
  end

  # Whether what it names is counted as often as held: a number stays.
  def counted?(name)
    plain = name.to_s.downcase.gsub(/[^a-z]/, '')
    COUNTED.any? { |field| plain.end_with?(field) }
  end

  def hide(value, name)
    case value
    when String, Hash, Array then REDACTED
    when Numeric then counted?(name) ? value : REDACTED
    else value
    end
  end

  def value(item, depth = 1)
    case item
    when String then text(item)
    when Array then depth > MAX_DEPTH ? REDACTED : list(item, depth)
    when Hash then depth > MAX_DEPTH ? REDACTED : hash(item, depth)
    else item
    end
  end

  # ["--password", ...], ["Authorization", ...]: an element may say that the next one is a secret.
  def list(item, depth)
    item.each_with_index.map do |inner, i|
      i.positive? && names_next?(item[i - 1]) ? hide(inner, '') : value(inner, depth + 1)
    end
  end

  def names_next?(item)
    item.is_a?(String) && (ARGUMENTS.include?(item) || (item.length <= 64 && secret_name?(item)))
  end

  def hash(item, depth)
    # {name: DB_PASSWORD, value: ...}: the one names what the other holds.
    named = item.any? { |key, inner| NAME_FIELDS.include?(key.to_s.downcase) && secret_name?(inner) }
    item.each_with_object({}) do |(key, inner), result|
      if secret_name?(key) || (named && VALUE_FIELDS.include?(key.to_s.downcase))
        result[key] = hide(inner, key)
      else
        result[key.is_a?(String) ? text(key) : key] = value(inner, depth + 1)
      end
    end
  end
end

if defined?(Fluent::Plugin::Filter)
  module Fluent
    module Plugin
      class RingfenceRedactFilter < Filter
        Fluent::Plugin.register_filter('ringfence_redact', self)

        # A record that the redaction fails on is replaced, never passed on as it was.
        def filter(_tag, _time, record)
          RingfenceRedaction.value(record)
        rescue StandardError
          { 'log' => RingfenceRedaction::REDACTED, 'error' => 'the record could not be redacted' }
        end
      end
    end
  end
end
`;
}
