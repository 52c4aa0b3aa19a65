-- Replaces secrets in every string of a record, at any depth: by the field's name, and by what they look like.
local REDACTED = "[redacted]"
local FIELDS = { "password", "passwd", "passphrase", "pwd", "secret", "secrets", "token", "apikey", "accesskey", "accountkey", "privatekey", "signingkey", "encryptionkey", "secretkey", "clientkeydata", "authorization", "cookie", "cookies", "credential", "credentials", "sessionid", "connectionstring", "jwt" }
local NAME_FIELDS = { ["name"] = true, ["key"] = true, ["header"] = true, ["field"] = true, ["variable"] = true, ["k"] = true }
local VALUE_FIELDS = { ["value"] = true, ["val"] = true, ["content"] = true, ["data"] = true, ["v"] = true }
local MAX_DEPTH = 32
local PATTERNS = {
  "%-%-%-%-%-BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*%-%-%-%-%-[^%\"%'%}]*",
  "[cC][oO][oO][kK][iI][eE][%\"%'%\\]*%s*[%:%=]%s*[%\"%'%\\]*[^\r\n%\"%\\][^\r\n%\"%\\][^\r\n%\"%\\][^\r\n%\"%\\]+",
  "[aA][uU][tT][hH][oO][rR][iI][zZ][aA][tT][iI][oO][nN][%\"%'%\\]*%s*[%:%=]%s*[%\"%'%\\]*[a-zA-Z]*%s*[^%s%\"%'%\\%,%;%}][^%s%\"%'%\\%,%;%}][^%s%\"%'%\\%,%;%}][^%s%\"%'%\\%,%;%}]+",
  "%f[%w_][bB][eE][aA][rR][eE][rR]%s+[a-zA-Za-zA-Z0-9%+%/%._%~%=%-][a-zA-Za-zA-Z0-9%+%/%._%~%=%-][a-zA-Za-zA-Z0-9%+%/%._%~%=%-][a-zA-Za-zA-Z0-9%+%/%._%~%=%-][a-zA-Za-zA-Z0-9%+%/%._%~%=%-][a-zA-Za-zA-Z0-9%+%/%._%~%=%-][a-zA-Za-zA-Z0-9%+%/%._%~%=%-][a-zA-Za-zA-Z0-9%+%/%._%~%=%-][a-zA-Za-zA-Z0-9%+%/%._%~%=%-][a-zA-Za-zA-Z0-9%+%/%._%~%=%-][a-zA-Za-zA-Z0-9%+%/%._%~%=%-][a-zA-Za-zA-Z0-9%+%/%._%~%=%-][a-zA-Za-zA-Z0-9%+%/%._%~%=%-][a-zA-Za-zA-Z0-9%+%/%._%~%=%-][a-zA-Za-zA-Z0-9%+%/%._%~%=%-][a-zA-Za-zA-Z0-9%+%/%._%~%=%-]+",
  "%f[%w_][bB][aA][sS][iI][cC]%s+[a-zA-Za-zA-Z0-9%+%/][a-zA-Za-zA-Z0-9%+%/][a-zA-Za-zA-Z0-9%+%/][a-zA-Za-zA-Z0-9%+%/][a-zA-Za-zA-Z0-9%+%/][a-zA-Za-zA-Z0-9%+%/][a-zA-Za-zA-Z0-9%+%/][a-zA-Za-zA-Z0-9%+%/][a-zA-Za-zA-Z0-9%+%/][a-zA-Za-zA-Z0-9%+%/][a-zA-Za-zA-Z0-9%+%/][a-zA-Za-zA-Z0-9%+%/]+=*",
  "://[^%s%/%:%@]*:[^%s%\"%'%<%>%/]+@",
  "[lL][oO][gG][iI][nN]%s+[^%s]+%s+[pP][aA][sS][sS][wW][oO][rR][dD]%s+[^%s]+",
  "%f[%w_]%d%d%d%d%d%d%d%d%d?%d?:AA[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "[%?%&][sS][iI][gG]=[a-zA-Za-zA-Z0-9%%%+%/%=_%-][a-zA-Za-zA-Z0-9%%%+%/%=_%-][a-zA-Za-zA-Z0-9%%%+%/%=_%-][a-zA-Za-zA-Z0-9%%%+%/%=_%-][a-zA-Za-zA-Z0-9%%%+%/%=_%-][a-zA-Za-zA-Z0-9%%%+%/%=_%-][a-zA-Za-zA-Z0-9%%%+%/%=_%-][a-zA-Za-zA-Z0-9%%%+%/%=_%-]+",
  "[xX]%-[aA][mM][zZ]%-[sS][iI][gG][nN][aA][tT][uU][rR][eE]=[a-fA-F0-9][a-fA-F0-9][a-fA-F0-9][a-fA-F0-9][a-fA-F0-9][a-fA-F0-9][a-fA-F0-9][a-fA-F0-9][a-fA-F0-9][a-fA-F0-9][a-fA-F0-9][a-fA-F0-9][a-fA-F0-9][a-fA-F0-9][a-fA-F0-9][a-fA-F0-9]+",
  "[oO][tT][pP][aA][uU][tT][hH]://[^%s%\"%']+",
  "[pP][aA][sS][sS][wW][oO][rR][dD][%\"%'%\\]*%s*[%:%=]%s*[%\"%'%\\]*[^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>]+",
  "[pP][aA][sS][sS][wW][dD][%\"%'%\\]*%s*[%:%=]%s*[%\"%'%\\]*[^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>]+",
  "[pP][aA][sS][sS][pP][hH][rR][aA][sS][eE][%\"%'%\\]*%s*[%:%=]%s*[%\"%'%\\]*[^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>]+",
  "[pP][wW][dD][%\"%'%\\]*%s*[%:%=]%s*[%\"%'%\\]*[^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>]+",
  "[sS][eE][cC][rR][eE][tT][%\"%'%\\]*%s*[%:%=]%s*[%\"%'%\\]*[^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>]+",
  "[tT][oO][kK][eE][nN][%\"%'%\\]*%s*[%:%=]%s*[%\"%'%\\]*[^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>]+",
  "[aA][pP][iI][_%-]?[kK][eE][yY][%\"%'%\\]*%s*[%:%=]%s*[%\"%'%\\]*[^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>]+",
  "[aA][cC][cC][eE][sS][sS][_%-]?[kK][eE][yY][%\"%'%\\]*%s*[%:%=]%s*[%\"%'%\\]*[^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>]+",
  "[aA][cC][cC][oO][uU][nN][tT][_%-]?[kK][eE][yY][%\"%'%\\]*%s*[%:%=]%s*[%\"%'%\\]*[^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>]+",
  "[pP][rR][iI][vV][aA][tT][eE][_%-]?[kK][eE][yY][%\"%'%\\]*%s*[%:%=]%s*[%\"%'%\\]*[^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>]+",
  "[sS][iI][gG][nN][iI][nN][gG][_%-]?[kK][eE][yY][%\"%'%\\]*%s*[%:%=]%s*[%\"%'%\\]*[^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>]+",
  "[eE][nN][cC][rR][yY][pP][tT][iI][oO][nN][_%-]?[kK][eE][yY][%\"%'%\\]*%s*[%:%=]%s*[%\"%'%\\]*[^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>]+",
  "[cC][lL][iI][eE][nN][tT][_%-]?[kK][eE][yY][_%-]?[dD][aA][tT][aA][%\"%'%\\]*%s*[%:%=]%s*[%\"%'%\\]*[^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>]+",
  "[cC][rR][eE][dD][eE][nN][tT][iI][aA][lL][sS]?[%\"%'%\\]*%s*[%:%=]%s*[%\"%'%\\]*[^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>]+",
  "[sS][eE][sS][sS][iI][oO][nN][_%-]?[iI][dD][%\"%'%\\]*%s*[%:%=]%s*[%\"%'%\\]*[^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>]+",
  "[aA][cC][cC][eE][sS][sS][_%-]?[sS][iI][gG][nN][aA][tT][uU][rR][eE][%\"%'%\\]*%s*[%:%=]%s*[%\"%'%\\]*[^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>]+",
  "_[aA][uU][tT][hH][%\"%'%\\]*%s*[%:%=]%s*[%\"%'%\\]*[^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>][^%s%\"%'%\\%,%;%&%)%}%]%<%>]+",
  "AKIA[A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9]+",
  "ASIA[A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9]+",
  "ABSK[A-Za-z0-9%+%/%=][A-Za-z0-9%+%/%=][A-Za-z0-9%+%/%=][A-Za-z0-9%+%/%=][A-Za-z0-9%+%/%=][A-Za-z0-9%+%/%=][A-Za-z0-9%+%/%=][A-Za-z0-9%+%/%=][A-Za-z0-9%+%/%=][A-Za-z0-9%+%/%=][A-Za-z0-9%+%/%=][A-Za-z0-9%+%/%=][A-Za-z0-9%+%/%=][A-Za-z0-9%+%/%=][A-Za-z0-9%+%/%=][A-Za-z0-9%+%/%=]+",
  "AIza[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "ya29%.[%.A-Za-z0-9_%-][%.A-Za-z0-9_%-][%.A-Za-z0-9_%-][%.A-Za-z0-9_%-][%.A-Za-z0-9_%-][%.A-Za-z0-9_%-][%.A-Za-z0-9_%-][%.A-Za-z0-9_%-]+",
  "GOCSPX%-[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "[A-Za-z0-9_%~%.]8Q~[%~%.A-Za-z0-9_%-][%~%.A-Za-z0-9_%-][%~%.A-Za-z0-9_%-][%~%.A-Za-z0-9_%-][%~%.A-Za-z0-9_%-][%~%.A-Za-z0-9_%-][%~%.A-Za-z0-9_%-][%~%.A-Za-z0-9_%-]+",
  "gh[oprsu]_[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "github_pat_[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "gl[a-z][a-z][a-z]?[a-z]?[a-z]?%-[A-Za-z0-9_%-]*[A-Z0-9][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "xox[abeoprs]%-[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "xapp%-[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "hooks%.slack%.com/services/[%/A-Za-z0-9_%-][%/A-Za-z0-9_%-][%/A-Za-z0-9_%-][%/A-Za-z0-9_%-][%/A-Za-z0-9_%-][%/A-Za-z0-9_%-][%/A-Za-z0-9_%-][%/A-Za-z0-9_%-]+",
  "/api/webhooks/[%/A-Za-z0-9_%-][%/A-Za-z0-9_%-][%/A-Za-z0-9_%-][%/A-Za-z0-9_%-][%/A-Za-z0-9_%-][%/A-Za-z0-9_%-][%/A-Za-z0-9_%-][%/A-Za-z0-9_%-]+",
  "[rs]k_live_[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "[rs]k_test_[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "whsec_[%+%/%=A-Za-z0-9_%-][%+%/%=A-Za-z0-9_%-][%+%/%=A-Za-z0-9_%-][%+%/%=A-Za-z0-9_%-][%+%/%=A-Za-z0-9_%-][%+%/%=A-Za-z0-9_%-][%+%/%=A-Za-z0-9_%-][%+%/%=A-Za-z0-9_%-]+",
  "SG%.[%.A-Za-z0-9_%-][%.A-Za-z0-9_%-][%.A-Za-z0-9_%-][%.A-Za-z0-9_%-][%.A-Za-z0-9_%-][%.A-Za-z0-9_%-][%.A-Za-z0-9_%-][%.A-Za-z0-9_%-][%.A-Za-z0-9_%-][%.A-Za-z0-9_%-][%.A-Za-z0-9_%-][%.A-Za-z0-9_%-]+",
  "%f[%w_]SK[a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9]+",
  "%f[%w_]key%-[a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9]+",
  "npm_[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "pypi%-[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "rubygems_[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "dckr_[a-z][a-z][a-z]_[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "do[oprt]_v1_[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "HRKU%-[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "NRAK%-[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "sntry[su]_[%+%/%=A-Za-z0-9_%-][%+%/%=A-Za-z0-9_%-][%+%/%=A-Za-z0-9_%-][%+%/%=A-Za-z0-9_%-][%+%/%=A-Za-z0-9_%-][%+%/%=A-Za-z0-9_%-][%+%/%=A-Za-z0-9_%-][%+%/%=A-Za-z0-9_%-]+",
  "glsa_[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "glc_[%+%/%=A-Za-z0-9_%-][%+%/%=A-Za-z0-9_%-][%+%/%=A-Za-z0-9_%-][%+%/%=A-Za-z0-9_%-][%+%/%=A-Za-z0-9_%-][%+%/%=A-Za-z0-9_%-][%+%/%=A-Za-z0-9_%-][%+%/%=A-Za-z0-9_%-]+",
  "hv[bsr]%.[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "%f[%w_]s%.[A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9]+",
  "atlasv1%.[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "dp%.[a-z][a-z][a-z]?[a-z]?[a-z]?[a-z]?%.[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "%f[%w_]dapi[a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9][a-f0-9]+",
  "%f[%w_]hf_[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "%f[%w_]sk%-[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "%f[%w_]r8_[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "%f[%w_]gsk_[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "pplx%-[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "%f[%w_]xai%-[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "lsv2_[a-z][a-z]_[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "pcsk_[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "ntn_[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "lin_api_[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "fig[dou]_[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "shp[acps][a-z]?[a-z]?_[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "sq0[a-z][a-z][a-z]%-[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "PMAK%-[A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-][A-Za-z0-9_%-]+",
  "AGE%-SECRET%-KEY%-1[A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9]+",
  "eyJ[%.A-Za-z0-9_%-][%.A-Za-z0-9_%-][%.A-Za-z0-9_%-][%.A-Za-z0-9_%-][%.A-Za-z0-9_%-][%.A-Za-z0-9_%-][%.A-Za-z0-9_%-][%.A-Za-z0-9_%-]+",
}

local BASE64_STRETCH = "[A-Za-z0-9%+%/_%-][A-Za-z0-9%+%/_%-][A-Za-z0-9%+%/_%-][A-Za-z0-9%+%/_%-][A-Za-z0-9%+%/_%-][A-Za-z0-9%+%/_%-][A-Za-z0-9%+%/_%-][A-Za-z0-9%+%/_%-][A-Za-z0-9%+%/_%-][A-Za-z0-9%+%/_%-][A-Za-z0-9%+%/_%-][A-Za-z0-9%+%/_%-][A-Za-z0-9%+%/_%-][A-Za-z0-9%+%/_%-][A-Za-z0-9%+%/_%-][A-Za-z0-9%+%/_%-]+=*"

local DIGITS = {}
do
  local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  for i = 1, #alphabet do DIGITS[string.byte(alphabet, i)] = i - 1 end
  DIGITS[string.byte("-")] = 62
  DIGITS[string.byte("_")] = 63
end

local function from_base64(text)
  local out, bits, count = {}, 0, 0
  for i = 1, #text do
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
  for i = 1, #PATTERNS do
    text = string.gsub(text, PATTERNS[i], REDACTED)
  end
  return text
end

-- Secrets in base64 as well, twice if need be: the stretch that holds one goes as a whole.
local redact_text
redact_text = function(text, depth)
  text = redact_plain(text)
  if depth == 2 then return text end
  return (string.gsub(text, BASE64_STRETCH, function(stretch)
    local decoded = from_base64(stretch)
    if redact_text(decoded, (depth or 0) + 1) ~= decoded then return REDACTED end
    return nil
  end))
end

-- Whether a name says that its value is a secret.
local function is_secret_name(name)
  if type(name) ~= "string" then return false end
  local plain = string.gsub(string.lower(name), "[_%-%.%s]", "")
  for i = 1, #FIELDS do
    if string.sub(plain, -#FIELDS[i]) == FIELDS[i] then return true end
  end
  return false
end

local function hide(value)
  local kind = type(value)
  if kind == "string" or kind == "table" then return REDACTED end
  return value
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
      result[key] = hide(value)
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
