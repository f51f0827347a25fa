# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The instance metadata service, version 2.
imds_token=

# imds PATH: prints the value; fails when there is none. The token must be asked for by the shell
# that calls, so `imds_open` comes first.
imds_open() {
  imds_token=$(curl -fsS --retry 5 --retry-all-errors --connect-timeout 3 --max-time 10 -X PUT \
    -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' http://169.254.169.254/latest/api/token)
}
imds() {
  curl -fsS --retry 2 --connect-timeout 3 --max-time 10 \
    -H "X-aws-ec2-metadata-token: ${imds_token}" "http://169.254.169.254/latest/meta-data/$1" 2>/dev/null
}
