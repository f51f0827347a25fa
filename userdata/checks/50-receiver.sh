# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: Apache-2.0
checks+=(receiver stats-page cloudwatch)

# read_page: the receiver's page as JSON, for page_value. kb-check reads it once, before the checks.
read_page() { page=$("$bin/kb-stats" --json --page "$root$KB_STATS_PAGE" 2>/dev/null); }

# page_value KEY: a string, number or boolean of the page; the first of that name.
page_value() {
  local form="\"$1\":\"?([^,\"}]*)"
  [[ $page =~ $form ]] && printf '%s' "${BASH_REMATCH[1]}"
}

# in_force KEY: of "mtu=9001 queues=2 llq=on", what the receiver read back from its port.
in_force() {
  [[ " $(page_value detail) " =~ " $1="([^ ]*) ]] && printf '%s' "${BASH_REMATCH[1]}"
}

# The heartbeat moves every 100 ms while the receiver's main thread lives.
check_receiver() {
  local first second
  first=$(page_value heartbeatNs)
  sleep 0.5
  read_page
  second=$(page_value heartbeatNs)
  if [[ -z $first ]]; then
    fail "no stats page at ${KB_STATS_PAGE}" 'see journalctl -u kb-receiver'
  elif [[ $(page_value ready) != true ]]; then
    fail 'not every queue polls yet' 'see journalctl -u kb-receiver'
  elif [[ $first == "$second" ]]; then
    fail "its heartbeat stands still at ${first}" 'see systemctl status kb-receiver'
  else
    pass "$(page_value plane) with handler $(page_value handlerName), $(page_value queues) queues, driver $(page_value driver), $(page_value received) datagrams received"
  fi
}

check_stats_page() {
  local asked beat age group
  # before reading, and by the shell alone: on a busy host it takes a second to start what reads
  asked=${EPOCHREALTIME//[!0-9]/}
  read_page
  beat=$(page_value heartbeatNs)
  if [[ -z $beat ]]; then
    fail "none at ${KB_STATS_PAGE}" 'see journalctl -u kb-receiver'
    return
  fi
  group=$(stat -c %G "$root$KB_STATS_PAGE")
  if [[ $group != kb ]]; then
    fail "of group ${group}, where kb-stats reads as kb: no metric of the receiver leaves the host" "give kb-receiver.service the group kb"
    return
  fi
  if ((beat == 0)); then # a receiver that died before its first
    fail 'no heartbeat yet' 'see systemctl status kb-receiver'
    return
  fi
  age=$(((asked - beat / 1000) / 1000))
  ((age > 0)) || age=0 # it beat since
  # ten heartbeats: less could be the clock being set
  if ((age < 1000)); then
    pass "${age} ms old"
  else
    fail "${age} ms old" 'see systemctl status kb-receiver'
  fi
}

check_cloudwatch() {
  if [[ ! -e $root/opt/aws/amazon-cloudwatch-agent ]]; then
    caution "no CloudWatch agent on this host: metrics go nowhere" "bake amazon-cloudwatch-agent into the image, or set 'prometheusPort'"
  elif systemctl is-active --quiet amazon-cloudwatch-agent; then
    pass 'the agent runs'
  else
    fail 'the agent does not run' 'systemctl status amazon-cloudwatch-agent'
  fi
}
