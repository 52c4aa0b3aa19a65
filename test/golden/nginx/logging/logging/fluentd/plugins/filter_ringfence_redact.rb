# Replaces secrets in every string of a record, at any depth: by the field's name, and by what they look like.
module RingfenceRedaction
  REDACTED = '[redacted]'.freeze
  FIELDS = %w[password passwd passphrase passcode pwd secret token apikey accesskey accountkey privatekey signingkey encryptionkey secretkey clientkeydata authorization cookie credential sessionid connectionstring jwt].freeze
  TAILS = %w[confirmation confirm repeat hash value].freeze
  WORDS = %w[pass pw auth].freeze
  OPEN_KEYS = %w[public primary foreign unique composite natural surrogate partition shard sort range hash row index routing binding object bucket cache group lookup idempotency deduplication message record label translation locale].freeze
  COUNTED = %w[tokens].freeze
  ARGUMENTS = %w[-u -U --user --proxy-user].freeze
  NAME_FIELDS = %w[name key header field variable k].freeze
  VALUE_FIELDS = %w[value val content data v].freeze
  MAX_DEPTH = 32
  # What a text must hold (in lower case) for a pattern to matter, and the pattern.
  PATTERNS = [
    ['', /-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----[^"'}]*/],
    ['cookie', /cookie["'\\]*\s*[:=]+>?\s*["'\\]*[^\r\n"\\]{4,}/i],
    ['authorization', /authorization["'\\]*\s*[:=]+>?\s*["'\\]*[a-z0-9-]*\s+[a-z]+=[^\r\n]*/i],
    ['authorization', /authorization["'\\]*\s*[:=]+>?\s*["'\\]*[a-z]*\s*[^\s"'\\,;}]{4,}/i],
    ['digest', /\bdigest\s+[a-z]+=[^\r\n]+/i],
    ['', /\bbearer\s+[A-Za-z0-9+\/._~=-]{16,}/i],
    ['', /\bbasic\s+[A-Za-z0-9+\/]{12,}=*/i],
    ['', /:\/\/[^\s\/:@]*:[^\s"'<>\/]+@/],
    ['', /:\/\/[^\s\/:@]+:[^\s\/:@"'<>]*[^0-9\s\/:@"'<>][^\s\/:@"'<>]*\/[^\s@"'<>]*@/],
    ['@tcp(', /:[^\s:@\/"']+@tcp\(/],
    ['-u', /[\s"']-[uU]["'\\]*[\s,]*["'\\]*[A-Za-z0-9._@-]+:[^\s"']+/],
    ['-user', /-user["'\\]*[\s,=]+["'\\]*[A-Za-z0-9._@-]+:[^\s"']+/],
    ['mysql', /\bmysql[a-z]*\s+-p[^\s]{3,}/],
    ['mysql', /\bmysql[a-z]*\s+[^\s]+\s+-p[^\s]{3,}/],
    ['mysql', /\bmysql[a-z]*\s+[^\s]+\s+[^\s]+\s+-p[^\s]{3,}/],
    ['mysql', /\bmysql[a-z]*\s+[^\s]+\s+[^\s]+\s+[^\s]+\s+-p[^\s]{3,}/],
    ['mysql', /\bmysql[a-z]*\s+[^\s]+\s+[^\s]+\s+[^\s]+\s+[^\s]+\s+-p[^\s]{3,}/],
    ['mysql', /\bmysql[a-z]*\s+[^\s]+\s+[^\s]+\s+[^\s]+\s+[^\s]+\s+[^\s]+\s+-p[^\s]{3,}/],
    ['sshpass', /sshpass\s+-p\s*[^\s]+/],
    ['bindpw', /bindpw\s+[^\s]+/i],
    ['', /login\s+[^\s]+\s+password\s+[^\s]+/i],
    ['', /\b\d{8,10}:AA[A-Za-z0-9_-]{16,}/],
    ['', /[?&]sig=[A-Za-z0-9%+\/=_-]{8,}/i],
    ['', /x-amz-signature=[a-f0-9]{16,}/i],
    ['', /otpauth:\/\/[^\s"']+/i],
    ['passw', /password[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/i],
    ['passw', /passwords?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/i],
    ['passw', /passwords?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/i],
    ['passw', /passwords?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['passw', /passwords?[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/i],
    ['passw', /--[a-z0-9]*passwords?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['passw', /--[a-z0-9]*passwords?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['passw', /--[a-z0-9]*[_-][a-z0-9]*passwords?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['passw', /--[a-z0-9]*[_-][a-z0-9]*passwords?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['passw', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*passwords?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['passw', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*passwords?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['passw', /<[a-z0-9_:.-]*passwords?[_-]?v?[0-9]*>\s*<?!?[^<\/][^<]*/i],
    ['passw', /<[a-z0-9_:.-]*passwords?[_-]?v?[0-9]*\s[^<>]*>\s*<?!?[^<\/][^<]*/i],
    ['passw', /passwords?[_-]?v?[0-9]*&gt;[^&]+/i],
    ['passw', /passwd[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/i],
    ['passw', /passwds?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/i],
    ['passw', /passwds?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/i],
    ['passw', /passwds?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['passw', /passwds?[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/i],
    ['passw', /--[a-z0-9]*passwds?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['passw', /--[a-z0-9]*passwds?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['passw', /--[a-z0-9]*[_-][a-z0-9]*passwds?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['passw', /--[a-z0-9]*[_-][a-z0-9]*passwds?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['passw', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*passwds?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['passw', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*passwds?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['passw', /<[a-z0-9_:.-]*passwds?[_-]?v?[0-9]*>\s*<?!?[^<\/][^<]*/i],
    ['passw', /<[a-z0-9_:.-]*passwds?[_-]?v?[0-9]*\s[^<>]*>\s*<?!?[^<\/][^<]*/i],
    ['passw', /passwds?[_-]?v?[0-9]*&gt;[^&]+/i],
    ['passp', /passphrase[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/i],
    ['passp', /passphrases?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/i],
    ['passp', /passphrases?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/i],
    ['passp', /passphrases?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['passp', /passphrases?[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/i],
    ['passp', /--[a-z0-9]*passphrases?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['passp', /--[a-z0-9]*passphrases?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['passp', /--[a-z0-9]*[_-][a-z0-9]*passphrases?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['passp', /--[a-z0-9]*[_-][a-z0-9]*passphrases?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['passp', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*passphrases?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['passp', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*passphrases?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['passp', /<[a-z0-9_:.-]*passphrases?[_-]?v?[0-9]*>\s*<?!?[^<\/][^<]*/i],
    ['passp', /<[a-z0-9_:.-]*passphrases?[_-]?v?[0-9]*\s[^<>]*>\s*<?!?[^<\/][^<]*/i],
    ['passp', /passphrases?[_-]?v?[0-9]*&gt;[^&]+/i],
    ['passc', /passcode[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/i],
    ['passc', /passcodes?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/i],
    ['passc', /passcodes?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/i],
    ['passc', /passcodes?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['passc', /passcodes?[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/i],
    ['passc', /--[a-z0-9]*passcodes?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['passc', /--[a-z0-9]*passcodes?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['passc', /--[a-z0-9]*[_-][a-z0-9]*passcodes?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['passc', /--[a-z0-9]*[_-][a-z0-9]*passcodes?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['passc', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*passcodes?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['passc', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*passcodes?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['passc', /<[a-z0-9_:.-]*passcodes?[_-]?v?[0-9]*>\s*<?!?[^<\/][^<]*/i],
    ['passc', /<[a-z0-9_:.-]*passcodes?[_-]?v?[0-9]*\s[^<>]*>\s*<?!?[^<\/][^<]*/i],
    ['passc', /passcodes?[_-]?v?[0-9]*&gt;[^&]+/i],
    ['confirm', /pass[a-z]*[_-]?confirm[a-z]*[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/i],
    ['confirm', /pass[a-z]*[_-]?confirm[a-z]*s?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/i],
    ['confirm', /pass[a-z]*[_-]?confirm[a-z]*s?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/i],
    ['confirm', /pass[a-z]*[_-]?confirm[a-z]*s?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['confirm', /pass[a-z]*[_-]?confirm[a-z]*s?[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/i],
    ['confirm', /--[a-z0-9]*pass[a-z]*[_-]?confirm[a-z]*s?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['confirm', /--[a-z0-9]*pass[a-z]*[_-]?confirm[a-z]*s?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['confirm', /--[a-z0-9]*[_-][a-z0-9]*pass[a-z]*[_-]?confirm[a-z]*s?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['confirm', /--[a-z0-9]*[_-][a-z0-9]*pass[a-z]*[_-]?confirm[a-z]*s?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['confirm', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*pass[a-z]*[_-]?confirm[a-z]*s?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['confirm', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*pass[a-z]*[_-]?confirm[a-z]*s?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['confirm', /<[a-z0-9_:.-]*pass[a-z]*[_-]?confirm[a-z]*s?[_-]?v?[0-9]*>\s*<?!?[^<\/][^<]*/i],
    ['confirm', /<[a-z0-9_:.-]*pass[a-z]*[_-]?confirm[a-z]*s?[_-]?v?[0-9]*\s[^<>]*>\s*<?!?[^<\/][^<]*/i],
    ['confirm', /pass[a-z]*[_-]?confirm[a-z]*s?[_-]?v?[0-9]*&gt;[^&]+/i],
    ['hash', /pass[a-z]*[_-]?hash[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/i],
    ['hash', /pass[a-z]*[_-]?hashs?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/i],
    ['hash', /pass[a-z]*[_-]?hashs?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/i],
    ['hash', /pass[a-z]*[_-]?hashs?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['hash', /pass[a-z]*[_-]?hashs?[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/i],
    ['hash', /--[a-z0-9]*pass[a-z]*[_-]?hashs?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['hash', /--[a-z0-9]*pass[a-z]*[_-]?hashs?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['hash', /--[a-z0-9]*[_-][a-z0-9]*pass[a-z]*[_-]?hashs?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['hash', /--[a-z0-9]*[_-][a-z0-9]*pass[a-z]*[_-]?hashs?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['hash', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*pass[a-z]*[_-]?hashs?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['hash', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*pass[a-z]*[_-]?hashs?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['hash', /<[a-z0-9_:.-]*pass[a-z]*[_-]?hashs?[_-]?v?[0-9]*>\s*<?!?[^<\/][^<]*/i],
    ['hash', /<[a-z0-9_:.-]*pass[a-z]*[_-]?hashs?[_-]?v?[0-9]*\s[^<>]*>\s*<?!?[^<\/][^<]*/i],
    ['hash', /pass[a-z]*[_-]?hashs?[_-]?v?[0-9]*&gt;[^&]+/i],
    ['pwd', /pwd[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/i],
    ['pwd', /pwds?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/i],
    ['pwd', /pwds?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/i],
    ['pwd', /pwds?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['pwd', /pwds?[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/i],
    ['pwd', /--[a-z0-9]*pwds?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['pwd', /--[a-z0-9]*pwds?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['pwd', /--[a-z0-9]*[_-][a-z0-9]*pwds?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['pwd', /--[a-z0-9]*[_-][a-z0-9]*pwds?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['pwd', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*pwds?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['pwd', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*pwds?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['pwd', /<[a-z0-9_:.-]*pwds?[_-]?v?[0-9]*>\s*<?!?[^<\/][^<]*/i],
    ['pwd', /<[a-z0-9_:.-]*pwds?[_-]?v?[0-9]*\s[^<>]*>\s*<?!?[^<\/][^<]*/i],
    ['pwd', /pwds?[_-]?v?[0-9]*&gt;[^&]+/i],
    ['secret', /secret[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/i],
    ['secret', /secrets?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/i],
    ['secret', /secrets?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/i],
    ['secret', /secrets?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['secret', /secrets?[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/i],
    ['secret', /--[a-z0-9]*secrets?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['secret', /--[a-z0-9]*secrets?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['secret', /--[a-z0-9]*[_-][a-z0-9]*secrets?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['secret', /--[a-z0-9]*[_-][a-z0-9]*secrets?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['secret', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*secrets?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['secret', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*secrets?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['secret', /<[a-z0-9_:.-]*secrets?[_-]?v?[0-9]*>\s*<?!?[^<\/][^<]*/i],
    ['secret', /<[a-z0-9_:.-]*secrets?[_-]?v?[0-9]*\s[^<>]*>\s*<?!?[^<\/][^<]*/i],
    ['secret', /secrets?[_-]?v?[0-9]*&gt;[^&]+/i],
    ['token', /token[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/i],
    ['token', /token[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/i],
    ['token', /token[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/i],
    ['token', /token[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['token', /token[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/i],
    ['token', /--[a-z0-9]*token[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['token', /--[a-z0-9]*token[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['token', /--[a-z0-9]*[_-][a-z0-9]*token[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['token', /--[a-z0-9]*[_-][a-z0-9]*token[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['token', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*token[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['token', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*token[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['token', /<[a-z0-9_:.-]*token[_-]?v?[0-9]*>\s*<?!?[^<\/][^<]*/i],
    ['token', /<[a-z0-9_:.-]*token[_-]?v?[0-9]*\s[^<>]*>\s*<?!?[^<\/][^<]*/i],
    ['token', /token[_-]?v?[0-9]*&gt;[^&]+/i],
    ['api', /api[_-]?key[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/i],
    ['api', /api[_-]?keys?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/i],
    ['api', /api[_-]?keys?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/i],
    ['api', /api[_-]?keys?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['api', /api[_-]?keys?[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/i],
    ['api', /--[a-z0-9]*api[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['api', /--[a-z0-9]*api[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['api', /--[a-z0-9]*[_-][a-z0-9]*api[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['api', /--[a-z0-9]*[_-][a-z0-9]*api[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['api', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*api[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['api', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*api[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['api', /<[a-z0-9_:.-]*api[_-]?keys?[_-]?v?[0-9]*>\s*<?!?[^<\/][^<]*/i],
    ['api', /<[a-z0-9_:.-]*api[_-]?keys?[_-]?v?[0-9]*\s[^<>]*>\s*<?!?[^<\/][^<]*/i],
    ['api', /api[_-]?keys?[_-]?v?[0-9]*&gt;[^&]+/i],
    ['access', /access[_-]?key[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/i],
    ['access', /access[_-]?keys?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/i],
    ['access', /access[_-]?keys?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/i],
    ['access', /access[_-]?keys?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['access', /access[_-]?keys?[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/i],
    ['access', /--[a-z0-9]*access[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['access', /--[a-z0-9]*access[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['access', /--[a-z0-9]*[_-][a-z0-9]*access[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['access', /--[a-z0-9]*[_-][a-z0-9]*access[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['access', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*access[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['access', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*access[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['access', /<[a-z0-9_:.-]*access[_-]?keys?[_-]?v?[0-9]*>\s*<?!?[^<\/][^<]*/i],
    ['access', /<[a-z0-9_:.-]*access[_-]?keys?[_-]?v?[0-9]*\s[^<>]*>\s*<?!?[^<\/][^<]*/i],
    ['access', /access[_-]?keys?[_-]?v?[0-9]*&gt;[^&]+/i],
    ['account', /account[_-]?key[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/i],
    ['account', /account[_-]?keys?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/i],
    ['account', /account[_-]?keys?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/i],
    ['account', /account[_-]?keys?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['account', /account[_-]?keys?[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/i],
    ['account', /--[a-z0-9]*account[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['account', /--[a-z0-9]*account[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['account', /--[a-z0-9]*[_-][a-z0-9]*account[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['account', /--[a-z0-9]*[_-][a-z0-9]*account[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['account', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*account[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['account', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*account[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['account', /<[a-z0-9_:.-]*account[_-]?keys?[_-]?v?[0-9]*>\s*<?!?[^<\/][^<]*/i],
    ['account', /<[a-z0-9_:.-]*account[_-]?keys?[_-]?v?[0-9]*\s[^<>]*>\s*<?!?[^<\/][^<]*/i],
    ['account', /account[_-]?keys?[_-]?v?[0-9]*&gt;[^&]+/i],
    ['private', /private[_-]?key[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/i],
    ['private', /private[_-]?keys?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/i],
    ['private', /private[_-]?keys?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/i],
    ['private', /private[_-]?keys?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['private', /private[_-]?keys?[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/i],
    ['private', /--[a-z0-9]*private[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['private', /--[a-z0-9]*private[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['private', /--[a-z0-9]*[_-][a-z0-9]*private[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['private', /--[a-z0-9]*[_-][a-z0-9]*private[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['private', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*private[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['private', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*private[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['private', /<[a-z0-9_:.-]*private[_-]?keys?[_-]?v?[0-9]*>\s*<?!?[^<\/][^<]*/i],
    ['private', /<[a-z0-9_:.-]*private[_-]?keys?[_-]?v?[0-9]*\s[^<>]*>\s*<?!?[^<\/][^<]*/i],
    ['private', /private[_-]?keys?[_-]?v?[0-9]*&gt;[^&]+/i],
    ['signing', /signing[_-]?key[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/i],
    ['signing', /signing[_-]?keys?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/i],
    ['signing', /signing[_-]?keys?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/i],
    ['signing', /signing[_-]?keys?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['signing', /signing[_-]?keys?[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/i],
    ['signing', /--[a-z0-9]*signing[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['signing', /--[a-z0-9]*signing[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['signing', /--[a-z0-9]*[_-][a-z0-9]*signing[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['signing', /--[a-z0-9]*[_-][a-z0-9]*signing[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['signing', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*signing[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['signing', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*signing[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['signing', /<[a-z0-9_:.-]*signing[_-]?keys?[_-]?v?[0-9]*>\s*<?!?[^<\/][^<]*/i],
    ['signing', /<[a-z0-9_:.-]*signing[_-]?keys?[_-]?v?[0-9]*\s[^<>]*>\s*<?!?[^<\/][^<]*/i],
    ['signing', /signing[_-]?keys?[_-]?v?[0-9]*&gt;[^&]+/i],
    ['encryption', /encryption[_-]?key[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/i],
    ['encryption', /encryption[_-]?keys?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/i],
    ['encryption', /encryption[_-]?keys?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/i],
    ['encryption', /encryption[_-]?keys?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['encryption', /encryption[_-]?keys?[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/i],
    ['encryption', /--[a-z0-9]*encryption[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['encryption', /--[a-z0-9]*encryption[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['encryption', /--[a-z0-9]*[_-][a-z0-9]*encryption[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['encryption', /--[a-z0-9]*[_-][a-z0-9]*encryption[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['encryption', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*encryption[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['encryption', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*encryption[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['encryption', /<[a-z0-9_:.-]*encryption[_-]?keys?[_-]?v?[0-9]*>\s*<?!?[^<\/][^<]*/i],
    ['encryption', /<[a-z0-9_:.-]*encryption[_-]?keys?[_-]?v?[0-9]*\s[^<>]*>\s*<?!?[^<\/][^<]*/i],
    ['encryption', /encryption[_-]?keys?[_-]?v?[0-9]*&gt;[^&]+/i],
    ['secret', /secret[_-]?key[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/i],
    ['secret', /secret[_-]?keys?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/i],
    ['secret', /secret[_-]?keys?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/i],
    ['secret', /secret[_-]?keys?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['secret', /secret[_-]?keys?[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/i],
    ['secret', /--[a-z0-9]*secret[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['secret', /--[a-z0-9]*secret[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['secret', /--[a-z0-9]*[_-][a-z0-9]*secret[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['secret', /--[a-z0-9]*[_-][a-z0-9]*secret[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['secret', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*secret[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['secret', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*secret[_-]?keys?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['secret', /<[a-z0-9_:.-]*secret[_-]?keys?[_-]?v?[0-9]*>\s*<?!?[^<\/][^<]*/i],
    ['secret', /<[a-z0-9_:.-]*secret[_-]?keys?[_-]?v?[0-9]*\s[^<>]*>\s*<?!?[^<\/][^<]*/i],
    ['secret', /secret[_-]?keys?[_-]?v?[0-9]*&gt;[^&]+/i],
    ['client', /client[_-]?key[_-]?data[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/i],
    ['client', /client[_-]?key[_-]?datas?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/i],
    ['client', /client[_-]?key[_-]?datas?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/i],
    ['client', /client[_-]?key[_-]?datas?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['client', /client[_-]?key[_-]?datas?[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/i],
    ['client', /--[a-z0-9]*client[_-]?key[_-]?datas?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['client', /--[a-z0-9]*client[_-]?key[_-]?datas?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['client', /--[a-z0-9]*[_-][a-z0-9]*client[_-]?key[_-]?datas?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['client', /--[a-z0-9]*[_-][a-z0-9]*client[_-]?key[_-]?datas?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['client', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*client[_-]?key[_-]?datas?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['client', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*client[_-]?key[_-]?datas?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['client', /<[a-z0-9_:.-]*client[_-]?key[_-]?datas?[_-]?v?[0-9]*>\s*<?!?[^<\/][^<]*/i],
    ['client', /<[a-z0-9_:.-]*client[_-]?key[_-]?datas?[_-]?v?[0-9]*\s[^<>]*>\s*<?!?[^<\/][^<]*/i],
    ['client', /client[_-]?key[_-]?datas?[_-]?v?[0-9]*&gt;[^&]+/i],
    ['credential', /credential[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/i],
    ['credential', /credentials?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/i],
    ['credential', /credentials?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/i],
    ['credential', /credentials?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['credential', /credentials?[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/i],
    ['credential', /--[a-z0-9]*credentials?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['credential', /--[a-z0-9]*credentials?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['credential', /--[a-z0-9]*[_-][a-z0-9]*credentials?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['credential', /--[a-z0-9]*[_-][a-z0-9]*credentials?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['credential', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*credentials?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['credential', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*credentials?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['credential', /<[a-z0-9_:.-]*credentials?[_-]?v?[0-9]*>\s*<?!?[^<\/][^<]*/i],
    ['credential', /<[a-z0-9_:.-]*credentials?[_-]?v?[0-9]*\s[^<>]*>\s*<?!?[^<\/][^<]*/i],
    ['credential', /credentials?[_-]?v?[0-9]*&gt;[^&]+/i],
    ['session', /session[_-]?id[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/i],
    ['session', /session[_-]?ids?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/i],
    ['session', /session[_-]?ids?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/i],
    ['session', /session[_-]?ids?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['session', /session[_-]?ids?[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/i],
    ['session', /--[a-z0-9]*session[_-]?ids?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['session', /--[a-z0-9]*session[_-]?ids?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['session', /--[a-z0-9]*[_-][a-z0-9]*session[_-]?ids?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['session', /--[a-z0-9]*[_-][a-z0-9]*session[_-]?ids?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['session', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*session[_-]?ids?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['session', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*session[_-]?ids?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['session', /<[a-z0-9_:.-]*session[_-]?ids?[_-]?v?[0-9]*>\s*<?!?[^<\/][^<]*/i],
    ['session', /<[a-z0-9_:.-]*session[_-]?ids?[_-]?v?[0-9]*\s[^<>]*>\s*<?!?[^<\/][^<]*/i],
    ['session', /session[_-]?ids?[_-]?v?[0-9]*&gt;[^&]+/i],
    ['signature', /access[_-]?signature[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/i],
    ['signature', /access[_-]?signatures?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/i],
    ['signature', /access[_-]?signatures?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/i],
    ['signature', /access[_-]?signatures?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['signature', /access[_-]?signatures?[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/i],
    ['signature', /--[a-z0-9]*access[_-]?signatures?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['signature', /--[a-z0-9]*access[_-]?signatures?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['signature', /--[a-z0-9]*[_-][a-z0-9]*access[_-]?signatures?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['signature', /--[a-z0-9]*[_-][a-z0-9]*access[_-]?signatures?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['signature', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*access[_-]?signatures?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['signature', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*access[_-]?signatures?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['signature', /<[a-z0-9_:.-]*access[_-]?signatures?[_-]?v?[0-9]*>\s*<?!?[^<\/][^<]*/i],
    ['signature', /<[a-z0-9_:.-]*access[_-]?signatures?[_-]?v?[0-9]*\s[^<>]*>\s*<?!?[^<\/][^<]*/i],
    ['signature', /access[_-]?signatures?[_-]?v?[0-9]*&gt;[^&]+/i],
    ['_auth', /_auth[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/i],
    ['_auth', /_auths?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/i],
    ['_auth', /_auths?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/i],
    ['_auth', /_auths?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['_auth', /_auths?[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/i],
    ['_auth', /--[a-z0-9]*_auths?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['_auth', /--[a-z0-9]*_auths?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['_auth', /--[a-z0-9]*[_-][a-z0-9]*_auths?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['_auth', /--[a-z0-9]*[_-][a-z0-9]*_auths?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['_auth', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*_auths?[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['_auth', /--[a-z0-9]*[_-][a-z0-9]*[_-][a-z0-9]*_auths?[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['_auth', /<[a-z0-9_:.-]*_auths?[_-]?v?[0-9]*>\s*<?!?[^<\/][^<]*/i],
    ['_auth', /<[a-z0-9_:.-]*_auths?[_-]?v?[0-9]*\s[^<>]*>\s*<?!?[^<\/][^<]*/i],
    ['_auth', /_auths?[_-]?v?[0-9]*&gt;[^&]+/i],
    ['pass', /\bpass[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/i],
    ['pass', /_pass[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/i],
    ['pass', /[a-z]Pass[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/],
    ['pass', /\bpass[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/i],
    ['pass', /_pass[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/i],
    ['pass', /[a-z]Pass[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/],
    ['pass', /\bpass[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/i],
    ['pass', /_pass[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/i],
    ['pass', /[a-z]Pass[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/],
    ['pass', /\bpass[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['pass', /_pass[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['pass', /[a-z]Pass[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/],
    ['pass', /\bpass[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/i],
    ['pass', /_pass[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/i],
    ['pass', /[a-z]Pass[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/],
    ['pass', /--pass[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['pass', /--pass[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['pass', /--[a-z0-9]*[_-]pass[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['pass', /--[a-z0-9]*[_-]pass[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['pass', /--[a-z0-9]*[_-][a-z0-9]*[_-]pass[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['pass', /--[a-z0-9]*[_-][a-z0-9]*[_-]pass[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['pass', /[<_:-]pass[_-]?v?[0-9]*>\s*<?!?[^<\/][^<]*/i],
    ['pass', /<pass[_-]?v?[0-9]*\s[^<>]*>\s*<?!?[^<\/][^<]*/i],
    ['pass', /\bpass[_-]?v?[0-9]*&gt;[^&]+/i],
    ['pass', /_pass[_-]?v?[0-9]*&gt;[^&]+/i],
    ['pass', /[a-z]Pass[_-]?v?[0-9]*&gt;[^&]+/],
    ['pw', /\bpw[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/i],
    ['pw', /_pw[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/i],
    ['pw', /[a-z]Pw[_-]?v?[0-9]*s?["'\\]*\s*[:=]+>?\s*\\*\[[^\]]*/],
    ['pw', /\bpw[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/i],
    ['pw', /_pw[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/i],
    ['pw', /[a-z]Pw[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*"[^"]+/],
    ['pw', /\bpw[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/i],
    ['pw', /_pw[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/i],
    ['pw', /[a-z]Pw[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*\\*'[^']+/],
    ['pw', /\bpw[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['pw', /_pw[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['pw', /[a-z]Pw[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/],
    ['pw', /\bpw[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/i],
    ['pw', /_pw[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/i],
    ['pw', /[a-z]Pw[_-]?v?[0-9]*%?2?5?2?2?%2?5?3[ad][^\s"'\\,;&)}\]<>]{3,}/],
    ['pw', /--pw[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['pw', /--pw[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['pw', /--[a-z0-9]*[_-]pw[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['pw', /--[a-z0-9]*[_-]pw[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['pw', /--[a-z0-9]*[_-][a-z0-9]*[_-]pw[_-]?v?[0-9]*["'\\]*[\s,]+\\*["'][^"']+/i],
    ['pw', /--[a-z0-9]*[_-][a-z0-9]*[_-]pw[_-]?v?[0-9]*["'\\]*[\s,]+["'\\]*[^\s"'\\,;&)}\]<>]{3,}/i],
    ['pw', /[<_:-]pw[_-]?v?[0-9]*>\s*<?!?[^<\/][^<]*/i],
    ['pw', /<pw[_-]?v?[0-9]*\s[^<>]*>\s*<?!?[^<\/][^<]*/i],
    ['pw', /\bpw[_-]?v?[0-9]*&gt;[^&]+/i],
    ['pw', /_pw[_-]?v?[0-9]*&gt;[^&]+/i],
    ['pw', /[a-z]Pw[_-]?v?[0-9]*&gt;[^&]+/],
    ['_key', /[A-Z0-9]_KEYS?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]{3,}/],
    ['key', /[a-z0-9][_-]keys?[_-]?v?[0-9]*["'\\]*\s*[:=]+>?\s*["'\\]*[A-Za-z0-9+\/=_-]{20,}/i],
    ['tokens', /tokens["'\\]*\s*[:=]+>?\s*["'\\]*[^\s"'\\,;&)}\]<>]*[A-Za-z][^\s"'\\,;&)}\]<>]{7,}/i],
    ['', /AKIA[A-Z0-9]{6,}/],
    ['', /ASIA[A-Z0-9]{6,}/],
    ['', /ABSK[A-Za-z0-9+\/=]{16,}/],
    ['', /AIza[A-Za-z0-9_-]{8,}/],
    ['', /ya29\.[.A-Za-z0-9_-]{8,}/],
    ['', /GOCSPX-[A-Za-z0-9_-]{8,}/],
    ['', /[A-Za-z0-9_~.]8Q~[~.A-Za-z0-9_-]{8,}/],
    ['', /gh[oprsu]_[A-Za-z0-9_-]{8,}/],
    ['', /github_pat_[A-Za-z0-9_-]{8,}/],
    ['', /gl[a-z]{2,5}-[A-Za-z0-9_-]*[A-Z0-9][A-Za-z0-9_-]{3,}/],
    ['', /xox[abeoprs]-[A-Za-z0-9_-]{8,}/],
    ['', /xapp-[A-Za-z0-9_-]{8,}/],
    ['', /hooks\.slack\.com\/services\/[\/A-Za-z0-9_-]{8,}/],
    ['', /\/api\/webhooks\/[\/A-Za-z0-9_-]{8,}/],
    ['', /[rs]k_live_[A-Za-z0-9_-]{8,}/],
    ['', /[rs]k_test_[A-Za-z0-9_-]{8,}/],
    ['', /whsec_[+\/=A-Za-z0-9_-]{8,}/],
    ['', /SG\.[.A-Za-z0-9_-]{12,}/],
    ['', /\bSK[a-f0-9]{16,}/],
    ['', /\bkey-[a-f0-9]{16,}/],
    ['', /npm_[A-Za-z0-9_-]{8,}/],
    ['', /pypi-[A-Za-z0-9_-]{16,}/],
    ['', /rubygems_[A-Za-z0-9_-]{8,}/],
    ['', /dckr_[a-z]{3}_[A-Za-z0-9_-]{8,}/],
    ['', /do[oprt]_v1_[A-Za-z0-9_-]{8,}/],
    ['', /HRKU-[A-Za-z0-9_-]{8,}/],
    ['', /NRAK-[A-Za-z0-9_-]{8,}/],
    ['', /sntry[su]_[+\/=A-Za-z0-9_-]{8,}/],
    ['', /glsa_[A-Za-z0-9_-]{8,}/],
    ['', /glc_[+\/=A-Za-z0-9_-]{8,}/],
    ['', /hv[bsr]\.[A-Za-z0-9_-]{8,}/],
    ['', /\bs\.[A-Za-z0-9]{20,}/],
    ['', /atlasv1\.[A-Za-z0-9_-]{8,}/],
    ['', /dp\.[a-z]{2,6}\.[A-Za-z0-9_-]{8,}/],
    ['', /\bdapi[a-f0-9]{12,}/],
    ['', /\bhf_[A-Za-z0-9_-]{8,}/],
    ['', /\bsk-[A-Za-z0-9_-]{12,}/],
    ['', /\br8_[A-Za-z0-9_-]{8,}/],
    ['', /\bgsk_[A-Za-z0-9_-]{8,}/],
    ['', /pplx-[A-Za-z0-9_-]{8,}/],
    ['', /\bxai-[A-Za-z0-9_-]{8,}/],
    ['', /lsv2_[a-z]{2}_[A-Za-z0-9_-]{8,}/],
    ['', /pcsk_[A-Za-z0-9_-]{8,}/],
    ['', /ntn_[A-Za-z0-9_-]{8,}/],
    ['', /lin_api_[A-Za-z0-9_-]{8,}/],
    ['', /fig[dou]_[A-Za-z0-9_-]{8,}/],
    ['', /shp[acps][a-z]?[a-z]?_[A-Za-z0-9_-]{8,}/],
    ['', /sq0[a-z]{3}-[A-Za-z0-9_-]{8,}/],
    ['', /PMAK-[A-Za-z0-9_-]{8,}/],
    ['', /AGE-SECRET-KEY-1[A-Z0-9]{8,}/],
    ['', /eyJ[.A-Za-z0-9_-]{8,}/],
  ].freeze

  BASE64_STRETCH = /[A-Za-z0-9+\/_\\\r\n-]{16,}=*/

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
    joined = stretch.gsub(/\\[rn]/, '').delete("\r\n\\").tr('-_', '+/')
    (0..3).any? do |first|
      decoded = utf8(joined[first..].unpack1('m'))
      text(decoded, depth + 1) != decoded
    end
  end

  # Whether a name says that its value is a secret.
  def secret_name?(name)
    return false unless name.is_a?(String) || name.is_a?(Symbol)
    return false if name.length > 256

    spaced = utf8(name.to_s).gsub(/([a-z])([A-Z])/, '\1_\2').downcase.sub(/[\s_.:=-]*v?[0-9]*[\s:=]*\z/, '')
    plain = spaced.gsub(/[_\-.\s]/, '')
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
