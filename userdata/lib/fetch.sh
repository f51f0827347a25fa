# shellcheck shell=bash disable=SC2154 # sourced after common.sh and imds.sh
# SPDX-License-Identifier: Apache-2.0

# fetch URL FILE: over HTTPS; from S3 as this instance's role.
fetch() {
  local get=(curl -fsSL --retry 5 --retry-all-errors --connect-timeout 10 --max-time 1200 -o "$2")
  if [[ $1 =~ ^https://([^/]*\.)?s3[.-]([a-z0-9-]+)\.amazonaws\.com ]]; then
    local region=${BASH_REMATCH[2]} role credentials
    imds_open
    role=$(imds iam/security-credentials/)
    credentials=$(imds "iam/security-credentials/${role}")
    # by stdin: a command line is for all to read
    "${get[@]}" --aws-sigv4 "aws:amz:${region}:s3" -K - "$1" <<<"\
user = \"$(json_field AccessKeyId):$(json_field SecretAccessKey)\"
header = \"x-amz-security-token: $(json_field Token)\""
  else
    "${get[@]}" "$1"
  fi
}

json_field() { sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p" <<<"$credentials"; }
