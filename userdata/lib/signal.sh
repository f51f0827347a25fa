# shellcheck shell=bash disable=SC2154 # sourced after common.sh and imds.sh
# SPDX-License-Identifier: Apache-2.0

# signal STATUS REASON DATA: tells the stack's wait condition, once in the life of this instance.
# The lock makes two failures at the same moment one; the marker comes after the answer, so that a
# power cut between the two signals again (CloudFormation counts a UniqueId once).
signal() {
  local marker=$root/var/lib/kb/signalled id answer
  if [[ -z $KB_SIGNAL_URL ]]; then
    log "no wait condition to tell: $1 $2"
    return
  fi
  exec 9<"${marker%/*}" # the folder is the lock: no file to create on a full disk
  flock 9
  if [[ -e $marker ]]; then
    log "the stack has been told $(<"$marker"); not again: $1 $2"
    return
  fi
  id=$({ imds_open && imds instance-id; } || uname -n)
  # without --fail: what S3 says about a refusal decides what the refusal means
  answer=$(python3 "${BASH_SOURCE[0]%/*}/to-json.py" object Status "$1" Reason "$2" UniqueId "$id" Data "$3" |
    curl -sS --retry 7 --retry-all-errors --connect-timeout 5 --max-time 30 -w '\n%{http_code}' \
      -X PUT -H 'Content-Type:' --data-binary @- "$KB_SIGNAL_URL") ||
    die "could not reach the wait condition to tell it: $1 $2"
  case ${answer##*$'\n'} in
    2??) log "told the stack: $1 $2" ;;
    403)
      # The address is signed for a day. A host launched later, by a fleet, has nobody to tell.
      [[ $answer == *' has expired'* ]] || wait_refused "$answer" "$1 $2"
      log "the wait is over and its address has expired: $1 $2"
      return
      ;;
    *) wait_refused "$answer" "$1 $2" ;;
  esac
  put "$marker" <<<"$1"
}

# wait_refused ANSWER MESSAGE
wait_refused() {
  die "the wait condition refused (${1##*$'\n'} $(sed -n 's|.*<Message>\(.*\)</Message>.*|\1|p' <<<"$1")): does an endpoint policy for S3 keep this subnet from it? It was to be told: $2"
}
