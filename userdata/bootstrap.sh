#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The only thing cloud-init runs: plan to /etc/kb/plan.env, asset to /opt/kb, then kb.target.
# The plan is the lines below the last one of this file. Running it again converges.
# shellcheck disable=SC2034,SC2317 # the plan below `exit 0`, and functions called by traps
set -euo pipefail
shopt -s inherit_errexit
root=${KB_ROOT:-} id=$(uname -n) doing='read the plan' mend=
why=$(mktemp -p /dev/shm) # memory: the reason must get out of a machine whose disk is full
exec 3>&2 2>>"$why"
get() { # a new role, route or bucket policy may need a moment: 127 s of doubling waits
  curl -fsS --retry 7 --retry-all-errors --connect-timeout 5 --max-time 600 "$@"
}
imds() { get -H "X-aws-ec2-metadata-token: ${token}" "http://169.254.169.254/latest/$1"; }
field() { sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p" <<<"$credentials"; }
finish() {
  status=$?; set +e
  reason="bootstrap: could not ${doing} (exit ${status}): $(uniq "$why" | tail -c 500 | tr -s '[:space:]' ' ' | tr -cd '[:print:]')${mend}"
  rm -f "$why"
  ((status)) || return 0
  printf '%s\n' "$reason" >&3
  [[ -z ${KB_SIGNAL_URL:-} ]] || printf '{"Status":"FAILURE","Reason":"%s","UniqueId":"%s","Data":"bootstrap"}' \
    "${reason//[\"\\]/}" "$id" | get -X PUT -H 'Content-Type:' --data-binary @- "$KB_SIGNAL_URL" 2>&3
}
trap finish EXIT # not ERR: an unset KB_ key ends a script too, and must be told

plan=$(sed '1,/^# kb-plan$/d' "$0")
if grep -nvE '^(#.*|KB_[A-Z0-9_]+="[^"`$\\]*")?$' <<<"${plan:-there is none}" >&2; then false; fi
source /dev/stdin <<<"$plan"
doing='write /etc/kb/plan.env'
cd "$root/"; umask 022; mkdir -p etc/kb etc/systemd/system opt/kb var/lib/kb
printf '%s\n' "$plan" >etc/kb/plan.env.new; mv etc/kb/plan.env.new etc/kb/plan.env
if [[ $(cat opt/kb/asset/.sha256 2>/dev/null || :) != "$KB_ASSET_SHA256" ]]; then
  doing='get the role of this instance from the metadata service' mend='- has it a role, and its metadata service on?'
  token=$(get -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 900' http://169.254.169.254/latest/api/token)
  id=$(imds meta-data/instance-id)
  credentials=$(imds "meta-data/iam/security-credentials/$(imds meta-data/iam/security-credentials/)")
  doing="fetch ${KB_ASSET_URL}" mend='- has the subnet a way to S3, and the role the right to read this object?'
  keys="user = \"$(field AccessKeyId):$(field SecretAccessKey)\"
header = \"x-amz-security-token: $(field Token)\"" # by stdin: a command line is for all to read
  get --aws-sigv4 "aws:amz:${KB_REGION}:s3" -K - -o opt/kb/asset.tar "$KB_ASSET_URL" <<<"$keys" ||
    { code=$?; command -v aws >/dev/null || exit "$code"
      aws s3 cp "s3://${KB_ASSET_URL#https://*/}" opt/kb/asset.tar --region "$KB_REGION" --quiet; }
  doing="trust ${KB_ASSET_URL}: its SHA-256 is not ${KB_ASSET_SHA256}" mend='- delete it and deploy again'
  sha256sum -c --strict <<<"${KB_ASSET_SHA256}  opt/kb/asset.tar" >&2
  doing='unpack the asset into /opt/kb/asset' mend=
  rm -rf opt/kb/asset.new; mkdir opt/kb/asset.new
  tar -xf opt/kb/asset.tar -C opt/kb/asset.new --no-same-owner
  printf '%s\n' "$KB_ASSET_SHA256" >opt/kb/asset.new/.sha256
  rm -rf opt/kb/asset opt/kb/asset.tar; mv opt/kb/asset.new opt/kb/asset
fi
doing='install the steps and units, and start kb.target'
cp -R opt/kb/asset/userdata/. opt/kb/
chmod 0755 opt/kb/steps/* opt/kb/bin/*
cp -R opt/kb/asset/systemd/. etc/systemd/system/
systemctl daemon-reload; systemctl enable kb.target
sync # a power cut from here on finds whole files
systemctl start --no-block kb.target
exit 0
# kb-plan
