# shellcheck shell=bash disable=SC2154 # sourced after common.sh and imds.sh
# SPDX-License-Identifier: Apache-2.0

# signal STATUS REASON DATA: tells the stack's wait condition, once in the life of this instance.
# The lock makes two failures at the same moment one; the marker comes after the answer, so that a
# power cut between the two signals again (CloudFormation counts a UniqueId once).
signal() {
  local marker=$root/var/lib/kb/signalled id
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
  python3 "${BASH_SOURCE[0]%/*}/to-json.py" object Status "$1" Reason "$2" UniqueId "$id" Data "$3" |
    curl -fsS --retry 7 --retry-all-errors --connect-timeout 5 --max-time 30 \
      -X PUT -H 'Content-Type:' --data-binary @- "$KB_SIGNAL_URL" >&2 ||
    die "could not reach the wait condition to tell it: $1 $2"
  log "told the stack: $1 $2"
  put "$marker" <<<"$1"
}
