# Replaces secrets in every string of a record, at any depth: by the field's name, and by what they look like.
module RingfenceRedaction
  REDACTED = '[redacted]'.freeze
  FIELDS = %w[password passwd passphrase pwd secret secrets token apikey accesskey accountkey privatekey signingkey encryptionkey secretkey clientkeydata authorization cookie cookies credential credentials sessionid connectionstring jwt].freeze
  NAME_FIELDS = %w[name key header field variable k].freeze
  VALUE_FIELDS = %w[value val content data v].freeze
  MAX_DEPTH = 32
  PATTERNS = [
    /-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----[^"'}]*/,
    /cookie["'\\]*\s*[:=]\s*["'\\]*[^\r\n"\\]{4,}/i,
    /authorization["'\\]*\s*[:=]\s*["'\\]*[a-z]*\s*[^\s"'\\,;}]{4,}/i,
    /\bbearer\s+[A-Za-z0-9+\/._~=-]{16,}/i,
    /\bbasic\s+[A-Za-z0-9+\/]{12,}=*/i,
    /:\/\/[^\s\/:@]*:[^\s"'<>\/]+@/,
    /login\s+[^\s]+\s+password\s+[^\s]+/i,
    /\b\d{8,10}:AA[A-Za-z0-9_-]{16,}/,
    /[?&]sig=[A-Za-z0-9%+\/=_-]{8,}/i,
    /x-amz-signature=[a-f0-9]{16,}/i,
    /otpauth:\/\/[^\s"']+/i,
    /password["'\\]*\s*[:=]\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i,
    /passwd["'\\]*\s*[:=]\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i,
    /passphrase["'\\]*\s*[:=]\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i,
    /pwd["'\\]*\s*[:=]\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i,
    /secret["'\\]*\s*[:=]\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i,
    /token["'\\]*\s*[:=]\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i,
    /api[_-]?key["'\\]*\s*[:=]\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i,
    /access[_-]?key["'\\]*\s*[:=]\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i,
    /account[_-]?key["'\\]*\s*[:=]\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i,
    /private[_-]?key["'\\]*\s*[:=]\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i,
    /signing[_-]?key["'\\]*\s*[:=]\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i,
    /encryption[_-]?key["'\\]*\s*[:=]\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i,
    /client[_-]?key[_-]?data["'\\]*\s*[:=]\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i,
    /credentials?["'\\]*\s*[:=]\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i,
    /session[_-]?id["'\\]*\s*[:=]\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i,
    /access[_-]?signature["'\\]*\s*[:=]\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i,
    /_auth["'\\]*\s*[:=]\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i,
    /AKIA[A-Z0-9]{6,}/,
    /ASIA[A-Z0-9]{6,}/,
    /ABSK[A-Za-z0-9+\/=]{16,}/,
    /AIza[A-Za-z0-9_-]{8,}/,
    /ya29\.[.A-Za-z0-9_-]{8,}/,
    /GOCSPX-[A-Za-z0-9_-]{8,}/,
    /[A-Za-z0-9_~.]8Q~[~.A-Za-z0-9_-]{8,}/,
    /gh[oprsu]_[A-Za-z0-9_-]{8,}/,
    /github_pat_[A-Za-z0-9_-]{8,}/,
    /gl[a-z]{2,5}-[A-Za-z0-9_-]*[A-Z0-9][A-Za-z0-9_-]{3,}/,
    /xox[abeoprs]-[A-Za-z0-9_-]{8,}/,
    /xapp-[A-Za-z0-9_-]{8,}/,
    /hooks\.slack\.com\/services\/[\/A-Za-z0-9_-]{8,}/,
    /\/api\/webhooks\/[\/A-Za-z0-9_-]{8,}/,
    /[rs]k_live_[A-Za-z0-9_-]{8,}/,
    /[rs]k_test_[A-Za-z0-9_-]{8,}/,
    /whsec_[+\/=A-Za-z0-9_-]{8,}/,
    /SG\.[.A-Za-z0-9_-]{12,}/,
    /\bSK[a-f0-9]{16,}/,
    /\bkey-[a-f0-9]{16,}/,
    /npm_[A-Za-z0-9_-]{8,}/,
    /pypi-[A-Za-z0-9_-]{16,}/,
    /rubygems_[A-Za-z0-9_-]{8,}/,
    /dckr_[a-z]{3}_[A-Za-z0-9_-]{8,}/,
    /do[oprt]_v1_[A-Za-z0-9_-]{8,}/,
    /HRKU-[A-Za-z0-9_-]{8,}/,
    /NRAK-[A-Za-z0-9_-]{8,}/,
    /sntry[su]_[+\/=A-Za-z0-9_-]{8,}/,
    /glsa_[A-Za-z0-9_-]{8,}/,
    /glc_[+\/=A-Za-z0-9_-]{8,}/,
    /hv[bsr]\.[A-Za-z0-9_-]{8,}/,
    /\bs\.[A-Za-z0-9]{20,}/,
    /atlasv1\.[A-Za-z0-9_-]{8,}/,
    /dp\.[a-z]{2,6}\.[A-Za-z0-9_-]{8,}/,
    /\bdapi[a-f0-9]{12,}/,
    /\bhf_[A-Za-z0-9_-]{8,}/,
    /\bsk-[A-Za-z0-9_-]{12,}/,
    /\br8_[A-Za-z0-9_-]{8,}/,
    /\bgsk_[A-Za-z0-9_-]{8,}/,
    /pplx-[A-Za-z0-9_-]{8,}/,
    /\bxai-[A-Za-z0-9_-]{8,}/,
    /lsv2_[a-z]{2}_[A-Za-z0-9_-]{8,}/,
    /pcsk_[A-Za-z0-9_-]{8,}/,
    /ntn_[A-Za-z0-9_-]{8,}/,
    /lin_api_[A-Za-z0-9_-]{8,}/,
    /fig[dou]_[A-Za-z0-9_-]{8,}/,
    /shp[acps][a-z]?[a-z]?_[A-Za-z0-9_-]{8,}/,
    /sq0[a-z]{3}-[A-Za-z0-9_-]{8,}/,
    /PMAK-[A-Za-z0-9_-]{8,}/,
    /AGE-SECRET-KEY-1[A-Z0-9]{8,}/,
    /eyJ[.A-Za-z0-9_-]{8,}/,
  ].freeze

  BASE64_STRETCH = /[A-Za-z0-9+\/_-]{16,}=*/

  module_function

  def utf8(value)
    return value if value.encoding == Encoding::UTF_8 && value.valid_encoding?

    value.dup.force_encoding('UTF-8').scrub('?')
  end

  def plain(value)
    PATTERNS.reduce(value) { |current, pattern| current.gsub(pattern, REDACTED) }
  end

  # Secrets in base64 as well, twice if need be: the stretch that holds one goes as a whole.
  def text(value, depth = 0)
    redacted = plain(utf8(value))
    return redacted if depth == 2

    redacted.gsub(BASE64_STRETCH) do |stretch|
      decoded = utf8(stretch.tr('-_', '+/').unpack1('m'))
      text(decoded, depth + 1) == decoded ? stretch : REDACTED
    end
  end

  # Whether a name says that its value is a secret.
  def secret_name?(name)
    return false unless name.is_a?(String) || name.is_a?(Symbol)

    plain = name.to_s.downcase.gsub(/[_\-.\s]/, '')
    FIELDS.any? { |field| plain.end_with?(field) }
  end

  def hide(value)
    value.is_a?(String) || value.is_a?(Hash) || value.is_a?(Array) ? REDACTED : value
  end

  def value(item, depth = 1)
    case item
    when String then text(item)
    when Array then depth > MAX_DEPTH ? REDACTED : item.map { |inner| value(inner, depth + 1) }
    when Hash then depth > MAX_DEPTH ? REDACTED : hash(item, depth)
    else item
    end
  end

  def hash(item, depth)
    # {name: DB_PASSWORD, value: ...}: the one names what the other holds.
    named = item.any? { |key, inner| NAME_FIELDS.include?(key.to_s.downcase) && secret_name?(inner) }
    item.each_with_object({}) do |(key, inner), result|
      if secret_name?(key) || (named && VALUE_FIELDS.include?(key.to_s.downcase))
        result[key] = hide(inner)
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
