#!/bin/bash
# modes: emulate
# What is wrong gets one clear line; the service goes on.
. "$TOP/tests/cluster/lib.sh"
P=$PROGRAMS

out=$(berth nodes 2>&1)
equal "no Berth to talk to: exit 1" 1 $?
equal "and one line" 1 "$(wc -l <<<"$out")"
refused "an unknown command" "frobnicate" berth frobnicate
cluster_up

refused "more cores than any node has" "[0-9]" \
	berth run batch --cores 1000 -- true
refused "more GPUs than any node has" "[Gg][Pp][Uu]" berth run batch --gpus 9 -- true
refused "a memory that no node has" "[Mm]em|[MG]iB" \
	berth run batch --mem 99999G -- true
refused "a framework that is not there" nosuch \
	berth submit nosuch -- true
refused "an unknown option" "frob" berth submit batch --frob -- true
refused "a broken array" "array" berth run batch --array 5-x -- true
refused "no command" "." berth submit batch
refused "a job that is not there" "999999" berth show 999999
refused "no such job to cancel" "999999" berth cancel 999999
refused "a node that is not there" "nosuch" berth topo nosuch
from=$SECONDS
out=$(berth up -q --name other --dir "$WORK/o" --emulate 1 --topology core:x 2>&1)
rc=$?
succeeds "a broken topology" test $rc -ne 0 -a $((SECONDS - from)) -lt 30
matches "is told as it is" "core:x.*no synthetic topology" "$out"
berth down --dir "$WORK/o" >/dev/null 2>&1
refused "a broken number of nodes" "." berth up --name other --dir "$WORK/o" \
	--emulate none

berth run batch -- /no/such/program >/dev/null 2>"$WORK/err"
rc=$?
succeeds "a program that is not there" test $rc -ne 0
matches "is named" /no/such/program "$(cat "$WORK/err")"
mkdir "$WORK/gone"
(cd "$WORK/gone" && rmdir "$WORK/gone" && berth run batch -- true) \
	>/dev/null 2>"$WORK/err"
rc=$?
succeeds "a working directory that is gone" test $rc -ne 0

# ---- HTTP
contact=$(find "$WORK" -name contact | head -n 1)
uri=$(grep -o 'http://[^" ;]*' "$contact" | head -n 1)
token=$(sed -n 's/.*token[^A-Za-z0-9]*\([A-Za-z0-9]\{16,\}\).*/\1/p' "$contact" |
	head -n 1)
equal "the contact file is the owner's alone" 600 "$(stat -c %a "$contact")"

if ! command -v curl >/dev/null; then
	skip "HTTP: no curl here"
	cluster_down
	finish
fi

code() {
	curl -s -o "$WORK/body" -w '%{http_code}' -m 10 "$@"
}

auth="Authorization: Bearer $token"
equal "no token" 401 "$(code "$uri/v1/jobs")"
equal "a wrong token" 401 "$(code -H "Authorization: Bearer x$token" \
	"$uri/v1/jobs")"
equal "the token" 200 "$(code -H "$auth" "$uri/v1/jobs")"
equal "no token, a submit" 401 "$(code -d \
	'{"framework":"batch","argv":["touch","'"$WORK"'/pwned"]}' \
	"$uri/v1/jobs")"
sleep 1
succeeds "does nothing" test ! -e "$WORK/pwned"
equal "broken JSON" 400 "$(code -H "$auth" -d '{"framework":' "$uri/v1/jobs")"
matches "in one line" '^\{"error": ?"[^"]+"[^{}]*\}$' "$(cat "$WORK/body")"
equal "a misspelt member" 400 "$(code -H "$auth" -d \
	'{"framework":"batch","argv":["true"],"coers":1}' "$uri/v1/jobs")"
matches "is named" coers "$(cat "$WORK/body")"
equal "a path that is not there" 404 "$(code -H "$auth" "$uri/v1/nothing")"
head -c 20000000 /dev/zero | tr '\0' 'x' >"$WORK/large"
matches "a body that is too large" "^(413|400|000)$" \
	"$(code -H "$auth" --data-binary "@$WORK/large" "$uri/v1/jobs")"
rm "$WORK/large"
port=${uri##*:}
host=${uri#http://}
host=${host%:*}
for text in 'GARBAGE' 'POST /v1/jobs HTTP/1.1\r\nContent-Length: 99\r\n\r\n{' \
	'GET / HTTP/9.9\r\n\r\n'; do
	timeout 2 bash -c "exec 3<>/dev/tcp/$host/${port%%/*};
		printf '$text' >&3; sleep 0.3" 2>/dev/null
done
equal "the service goes on" "still here" \
	"$(berth run batch -- echo "still here" 2>&1)"

# ---- a dead contact file
mkdir "$WORK/dead"
sed "s/:[0-9]\{2,5\}/:1/g" "$contact" >"$WORK/dead/contact"
chmod 600 "$WORK/dead/contact"
BERTH_DIR=$WORK/dead
out=$(BERTH_DIR=$WORK/dead timeout 20 "$BERTH" nodes 2>&1)
rc=$?
succeeds "a dead contact file is told" test $rc -ne 0
equal "in one line" 1 "$(wc -l <<<"$out")"
BERTH_DIR=$WORK/b
cluster_down
finish
