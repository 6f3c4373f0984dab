# What a plugin of the protocol `json` needs to be a tool in Bash: its request, its answer, and host calls on descriptor 3. Copied into a
# plugin, so that it is hashed with it. Bash 4.4 and its builtins only. Text of JSON is read once, into one array by path:
#
#   source ./smcp-host.sh
#   tool_greet() {
#     smcp_call now || smcp_refused
#     local now=$REPLY
#     smcp_result '{"text":%s,"at":%s}' "$(smcp_json "hello ${ARGS[/name]}")" "$now"
#   }
#   smcp_serve
#
# ARGS[/name] is a text as it is, a number or word as it is spelled; ARGS[/list/0] an element; ARGS[/list] and ARGS[/object] are
# the JSON text. TYPES[/name] is string, number, boolean, null, array or object. Keys have ~1 for / and ~0 for ~.

declare -A ARGS=() TYPES=()
REPLY='' SMCP_CODE='' SMCP_MESSAGE=''
SMCP_LAST=0 SMCP_TEXT='' SMCP_AT=0
LC_ALL=C.UTF-8

# A text as JSON.
smcp_json() {
  local text=$1 out='' char code
  if [[ $text != *[$'\x01'-$'\x1f'\"\\$'\x7f']* ]]; then
    printf '"%s"' "$text"
    return
  fi
  local -i at
  for ((at = 0; at < ${#text}; at++)); do
    char=${text:at:1}
    case $char in
      '"') out+='\"' ;;
      \\) out+='\\' ;;
      $'\n') out+='\n' ;;
      $'\r') out+='\r' ;;
      $'\t') out+='\t' ;;
      [$'\x01'-$'\x1f'])
        printf -v code '\\u%04x' "'$char"
        out+=$code
        ;;
      *) out+=$char ;;
    esac
  done
  printf '"%s"' "$out"
}

# Makes a host call: smcp_call NAME [PARAMS]. 0: REPLY is the answer's JSON. 1: SMCP_CODE and SMCP_MESSAGE say why not.
smcp_call() {
  local line
  SMCP_LAST=$((SMCP_LAST + 1))
  printf '{"id":%d,"call":"%s","params":%s}\n' "$SMCP_LAST" "$1" "${2-"{}"}" >&3
  IFS= read -r line <&3 || return 1
  case $line in
    "{\"id\":$SMCP_LAST,\"ok\":true,\"value\":"*)
      REPLY=${line#"{\"id\":$SMCP_LAST,\"ok\":true,\"value\":"}
      REPLY=${REPLY%'}'}
      return 0
      ;;
  esac
  local -A FOUND=() KINDS=()
  smcp_parse "$line"
  SMCP_CODE=${FOUND[/error/code]-INTERNAL} SMCP_MESSAGE=${FOUND[/error/message]-}
  return 1
}

smcp_log() { printf '{"id":0,"call":"log","params":{"level":"%s","message":%s}}\n' "${2-info}" "$(smcp_json "${1:0:4096}")" >&3; }
smcp_progress() { printf '{"id":0,"call":"progress","params":{"progress":%s%s}}\n' "$1" "${2:+,\"total\":$2}" >&3; }

# The text of the answer, where it is one: smcp_text sets REPLY.
smcp_text() {
  local -A FOUND=() KINDS=()
  smcp_parse "$REPLY"
  REPLY=${FOUND[/]-}
}

# The answer of the tool: a format of printf for JSON, and its words. Whatever is in REPLY may be one of them.
smcp_result() {
  local format=$1
  shift
  printf "{\"result\":$format}" "$@"
  exit 0
}

smcp_fail() {
  printf '{"error":{"message":%s}}' "$(smcp_json "$1")"
  exit 0
}

# Ends with what the last host call was refused with: smcp_call now || smcp_refused
smcp_refused() {
  printf '{"error":{"message":%s,"hostCall":%d}}' "$(smcp_json "$SMCP_CODE: $SMCP_MESSAGE")" "$SMCP_LAST"
  exit 0
}

# Calls the function tool_NAME of the request's tool.
smcp_serve() {
  local request tool key
  IFS= read -r -d '' request || true
  local -A FOUND=() KINDS=()
  smcp_parse "$request" || smcp_fail 'the request is no JSON'
  tool=${FOUND[/tool]-}
  for key in "${!FOUND[@]}"; do
    [[ $key == /arguments* ]] || continue
    # An array of Bash has no empty key: the arguments as a whole are at /.
    local place=${key#/arguments}
    ARGS[${place:-/}]=${FOUND[$key]} TYPES[${place:-/}]=${KINDS[$key]}
  done
  [[ $tool =~ ^[a-zA-Z0-9_-]+$ ]] && declare -F "tool_$tool" >/dev/null || smcp_fail "there is no tool $tool"
  "tool_$tool"
  smcp_fail "$tool has not answered"
}

# Reads JSON into FOUND and KINDS of the caller, by path. 1: it is none.
smcp_parse() {
  SMCP_TEXT=$1 SMCP_AT=0
  smcp_value '' || return 1
  smcp_space
  ((SMCP_AT == ${#SMCP_TEXT}))
}

smcp_space() {
  while [[ ${SMCP_TEXT:SMCP_AT:1} == [$' \t\n\r'] ]]; do SMCP_AT=$((SMCP_AT + 1)); done
}

smcp_value() {
  local path=$1 start
  smcp_space
  start=$SMCP_AT
  case ${SMCP_TEXT:SMCP_AT:1} in
    '"')
      smcp_string || return 1
      FOUND[${path:-/}]=$SMCP_STRING KINDS[${path:-/}]=string
      return 0
      ;;
    '{') smcp_members "$path" object '}' || return 1 ;;
    '[') smcp_members "$path" array ']' || return 1 ;;
    *)
      local rest=${SMCP_TEXT:SMCP_AT:400}
      [[ $rest =~ ^(true|false|null|-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?) ]] || return 1
      SMCP_AT=$((SMCP_AT + ${#BASH_REMATCH[1]}))
      FOUND[${path:-/}]=${BASH_REMATCH[1]}
      case ${BASH_REMATCH[1]} in
        true | false) KINDS[${path:-/}]=boolean ;;
        null) KINDS[${path:-/}]=null ;;
        *) KINDS[${path:-/}]=number ;;
      esac
      return 0
      ;;
  esac
  FOUND[${path:-/}]=${SMCP_TEXT:start:SMCP_AT-start}
}

smcp_members() {
  local path=$1 kind=$2 end=$3 key
  local -i index=0
  KINDS[${path:-/}]=$kind
  SMCP_AT=$((SMCP_AT + 1))
  smcp_space
  if [[ ${SMCP_TEXT:SMCP_AT:1} == "$end" ]]; then
    SMCP_AT=$((SMCP_AT + 1))
    return 0
  fi
  while true; do
    key=$index
    if [[ $kind == object ]]; then
      smcp_space
      smcp_string || return 1
      key=${SMCP_STRING//'~'/'~0'}
      key=${key//'/'/'~1'}
      smcp_space
      [[ ${SMCP_TEXT:SMCP_AT:1} == ':' ]] || return 1
      SMCP_AT=$((SMCP_AT + 1))
    fi
    smcp_value "$path/$key" || return 1
    index+=1
    smcp_space
    case ${SMCP_TEXT:SMCP_AT:1} in
      ',') SMCP_AT=$((SMCP_AT + 1)) ;;
      "$end")
        SMCP_AT=$((SMCP_AT + 1))
        return 0
        ;;
      *) return 1 ;;
    esac
  done
}

# Sets SMCP_STRING. What a variable of Bash can't hold (the character 0) is left out.
smcp_string() {
  local out='' rest part code low
  [[ ${SMCP_TEXT:SMCP_AT:1} == '"' ]] || return 1
  SMCP_AT=$((SMCP_AT + 1))
  while true; do
    rest=${SMCP_TEXT:SMCP_AT}
    part=${rest%%[\"\\]*}
    [[ ${#part} -lt ${#rest} ]] || return 1
    out+=$part
    SMCP_AT=$((SMCP_AT + ${#part} + 1))
    if [[ ${rest:${#part}:1} == '"' ]]; then
      SMCP_STRING=$out
      return 0
    fi
    code=${SMCP_TEXT:SMCP_AT:1}
    SMCP_AT=$((SMCP_AT + 1))
    case $code in
      n) out+=$'\n' ;;
      t) out+=$'\t' ;;
      r) out+=$'\r' ;;
      b) out+=$'\b' ;;
      f) out+=$'\f' ;;
      u)
        # Only digits come into arithmetic, where anything else might be a command.
        [[ ${SMCP_TEXT:SMCP_AT:4} =~ ^[0-9a-fA-F]{4}$ ]] || return 1
        code=$((16#${SMCP_TEXT:SMCP_AT:4}))
        SMCP_AT=$((SMCP_AT + 4))
        if ((code >= 0xD800 && code < 0xDC00)) && [[ ${SMCP_TEXT:SMCP_AT:6} =~ ^\\u([dD][c-fC-F][0-9a-fA-F]{2})$ ]]; then
          low=$((16#${BASH_REMATCH[1]}))
          code=$((0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)))
          SMCP_AT=$((SMCP_AT + 6))
        fi
        ((code == 0)) || { printf -v part "\\U$(printf '%08x' "$code")" && out+=$part; }
        ;;
      *) out+=$code ;;
    esac
  done
}
