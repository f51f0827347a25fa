#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The user data against real HTTP: a metadata service, a bucket that verifies signatures, a handle.
load helpers

prepare() {
  aws_stand_in
  stub systemctl
  rm -rf "$KB_ROOT/opt/kb"
  asset
}

asset() {
  local tree=$BATS_TEST_TMPDIR/asset
  mkdir -p "$tree"
  cp -R "$REPOSITORY/userdata" "$tree/"
  cp -R "$REPOSITORY/assets/systemd" "$tree/"
  find "$tree" -type f -exec chmod 0644 {} + # a tar made on a system without execute bits
  tar -C "$tree" -cf "$AWS/bucket/asset.tar" .
  SUM=$(sha256sum "$AWS/bucket/asset.tar" | cut -d' ' -f1)
}

# user_data KEY=VALUE...: the script as the template would carry it.
user_data() {
  plan KB_ASSET_URL="$ORIGIN/bucket/asset.tar" KB_ASSET_SHA256="$SUM" KB_SIGNAL_URL="$ORIGIN/signal" "$@"
  {
    cat "$REPOSITORY/userdata/bootstrap.sh"
    sed 's/=.*//' "$BATS_TEST_DIRNAME/fixtures/plan.env" | while read -r key; do
      printf '%s="%s"\n' "$key" "${!key}"
    done
  } >"$BATS_TEST_TMPDIR/part-001"
  # nothing from the environment: cloud-init has no KB_ variables
  env -i PATH="$PATH" CALLS="$CALLS" KB_ROOT="$KB_ROOT" bash "$BATS_TEST_TMPDIR/part-001"
}

@test "plan, asset and units arrive, and kb.target is started without waiting" {
  run user_data
  assert_status 0
  [[ -z $output ]]
  diff <(grep -c . "$BATS_TEST_DIRNAME/fixtures/plan.env") <(grep -c '^KB_' "$KB_ROOT/etc/kb/plan.env")
  [[ -x $KB_ROOT/opt/kb/steps/install && -x $KB_ROOT/opt/kb/bin/kb-check && -r $KB_ROOT/opt/kb/lib/common.sh ]]
  [[ -e $KB_ROOT/etc/systemd/system/kb.target ]]
  assert_file /opt/kb/asset/.sha256 "$SUM"
  [[ ! -e $AWS/signals ]]
  assert_calls <<'CALLS'
systemctl daemon-reload
systemctl enable kb.target
systemctl start --no-block kb.target
CALLS
}

@test "twice: the asset is not fetched again, and nothing differs" {
  run user_data
  find "$KB_ROOT" -type f | sort | xargs sha256sum >"$BATS_TEST_TMPDIR/first"
  : >"$AWS/requests"
  run user_data
  assert_status 0
  [[ ! -s $AWS/requests ]]
  find "$KB_ROOT" -type f | sort | xargs sha256sum | diff "$BATS_TEST_TMPDIR/first" -
}

@test "another asset for the same host replaces the first whole" {
  run user_data
  touch "$BATS_TEST_TMPDIR/asset/new"
  asset
  run user_data
  assert_status 0
  [[ -e $KB_ROOT/opt/kb/asset/new ]]
  assert_file /opt/kb/asset/.sha256 "$SUM"
}

@test "an asset with another sum is not unpacked, and the stack hears both facts" {
  run user_data KB_ASSET_SHA256="${SUM//[0-9]/0}"
  assert_status 1
  [[ ! -e $KB_ROOT/opt/kb/asset ]]
  assert_no_calls
  [[ $(signalled Status) == FAILURE && $(signalled UniqueId) == i-0123456789abcdef0 ]]
  [[ $(signalled Reason) == *"could not trust $ORIGIN/bucket/asset.tar: its SHA-256 is not"*'delete it and deploy again' ]]
}

@test "an asset that is not there: the address and the answer are the reason" {
  without aws
  run user_data KB_ASSET_URL="$ORIGIN/bucket/other.tar"
  assert_status 22 # curl's, for an answer that is an error
  [[ $(signalled Reason) == *"could not fetch $ORIGIN/bucket/other.tar"*404*'has the subnet a way to S3'* ]]
}

@test "an error at every trial is told once" {
  without aws
  reader curl "exec ${REAL_CURL/--retry 0/--retry 1}"
  run user_data KB_ASSET_URL="$ORIGIN/bucket/other.tar"
  assert_status 22
  [[ $(grep -o 'error: 404' <<<"$(signalled Reason)") == 'error: 404' ]]
}

@test "an unreachable bucket: the reason names it" {
  without aws
  run user_data KB_ASSET_URL="http://127.0.0.1:1/bucket/asset.tar"
  assert_status 7 # curl's, for a connection that is refused
  [[ $(signalled Reason) == *"could not fetch http://127.0.0.1:1/bucket/asset.tar"* ]]
}

@test "neither curl nor the aws command gets the asset: the reason names it, and nothing goes on" {
  stub aws 'echo "fatal error: 403" >&2; exit 1'
  run user_data KB_ASSET_URL="http://127.0.0.1:1/bucket/asset.tar"
  assert_status 1
  [[ $(signalled Reason) == *"could not fetch http://127.0.0.1:1/bucket/asset.tar"*"fatal error: 403"* ]]
}

@test "a curl without SigV4: the aws command fetches it, where there is one" {
  reader curl "for a; do [[ \$a != --aws-sigv4 ]] || exit 2; done; exec $REAL_CURL"
  stub aws "cp '$AWS/bucket/asset.tar' \"\$4\""
  plan
  # the command takes the bucket and key of a path-style address
  run user_data KB_ASSET_URL=https://s3.eu-west-1.amazonaws.com/assets/0123.tar
  assert_status 0
  run head -n1 "$CALLS"
  assert_output_has 'aws s3 cp s3://assets/0123.tar opt/kb/asset.tar --region eu-west-1'
}

@test "a plan line that is no plan line is refused before anything is written" {
  run user_data 'KB_HANDLER_ARGS=$(reboot)'
  assert_status 1
  assert_output_has 'could not read the plan'
  [[ ! -e $KB_ROOT/etc/kb/plan.env ]]
}

@test "a plan that lacks a key is told as well" {
  run user_data # only to have the script
  sed -i '/^KB_ASSET_SHA256/d' "$BATS_TEST_TMPDIR/part-001"
  run env -i PATH="$PATH" KB_ROOT="$KB_ROOT" CALLS="$CALLS" bash "$BATS_TEST_TMPDIR/part-001"
  [[ $status != 0 ]]
  [[ $(signalled Reason) == *KB_ASSET_SHA256* ]]
}

@test "a full disk: the reason still gets out" {
  mkdir -p "$BATS_TEST_TMPDIR/full"
  mount -t tmpfs -o size=64k none "$BATS_TEST_TMPDIR/full" || skip 'needs root to mount a small disk'
  export KB_ROOT=$BATS_TEST_TMPDIR/full
  without aws
  run user_data
  umount "$BATS_TEST_TMPDIR/full"
  assert_status 23 # curl's, for what it could not write
  [[ $(signalled Reason) == *'No space left on device'* || $(signalled Reason) == *'Failure writing output'* ]]
}

@test "neither output nor a process list shows the role's keys" {
  reader curl "printf '%s\n' \"\$*\" >>'$BATS_TEST_TMPDIR/command-lines'; exec $REAL_CURL"
  run user_data
  assert_status 0
  refute_output_has 'secret/with'
  run cat "$BATS_TEST_TMPDIR/command-lines"
  assert_output_has '--aws-sigv4 aws:amz:eu-west-1:s3'
  refute_output_has 'secret/with'
  refute_output_has 'session=='
}

@test "the script is short, and fits into user data with its plan" {
  (($(wc -l <"$REPOSITORY/userdata/bootstrap.sh") <= 60))
  run user_data
  (($(wc -c <"$BATS_TEST_TMPDIR/part-001") < 16384))
}
