#!/bin/bash
# modes: hosts emulate
# Berth's programs are replaced while it works: berth up --restart.
. "$TOP/tests/cluster/lib.sh"

# ---- an installation of our own, which can be replaced
mkdir -p "$WORK/inst"
cp -r "$BUILD/bin" "$BUILD/plugins" "$WORK/inst"
BERTH=$WORK/inst/bin/berth

# Of all that runs of Berth: "program inode" of what it executes.
executed() {
	local p
	for p in $(ours); do
		case $(readlink "/proc/$p/exe") in
		"$WORK/inst/bin/$1"*) stat -Lc %i "/proc/$p/exe" ;;
		esac
	done | sort -u
}

installed() {
	stat -c %i "$WORK/inst/bin/$1"
}

as_installed() {
	[ "$(executed "$1")" = "$(installed "$1")" ]
}

lines() {
	[ "$(cat "$WORK/lines" 2>/dev/null | wc -l)" -ge "$1" ]
}

task_pids() {
	pgrep -f "$PROGRAMS/hello" | sort | xargs
}

cluster_up
# ---- work that must not notice
mpi=$(submit mpi -n 2 -N 1 -- "$PROGRAMS/hello" "$WORK/go")
array=$(submit batch --array 0-99 -- sh -c \
	"sleep 0.5; echo line-\$0 >>$WORK/lines" {})
within 20 eval '[ $(pgrep -fc "$PROGRAMS/hello") -ge 2 ]'
within 20 lines 4
pids=$(task_pids)

# ---- other programs are installed
for f in berthd berth-launcher berth-framework berth-shepherd; do
	cp "$WORK/inst/bin/$f" "$WORK/inst/bin/new"
	mv "$WORK/inst/bin/new" "$WORK/inst/bin/$f"
done
equal "the old ones run" no "$(as_installed berthd && echo yes || echo no)"
out=$(timeout 120 "$BERTH" up --restart 2>&1)
equal "berth up --restart" 0 $?
later=$(task_pids)
printf "# %s\n" "${out//$'\n'/; }"
matches "tells of each node" "^$NODES lines" \
	"$(grep -c '^node n[0-9]*: version .* after' <<<"$out") lines"
matches "and that all is up" "is up: $NODES nodes" "$out"
for f in berthd berth-launcher; do
	succeeds "every $f is the new one" as_installed $f
done
succeeds "every framework host is the new one" \
	within 20 as_installed berth-framework
equal "the MPI job's processes are the same" "$pids" "$later"

# ---- the work goes on
timeout 120 "$BERTH" wait "$array" >/dev/null 2>&1
equal "the array ends well" "0 done" "$? $(berth show "$array" --json |
	json 'd["outcome"]')"
berth show "$array" --json | json '"\n".join("# %s on %s: %s %s" % (t["id"],
	t["node"], t["end"], t["text"]) for t in d["task_list"]
	if t["end"] != "exited")'
equal "each of its lines is there once" "$(seq -f line-%.0f 0 99 | sort)" \
	"$(sort "$WORK/lines")"
touch "$WORK/go"
timeout 60 "$BERTH" wait "$mpi" >/dev/null 2>&1
equal "so does the MPI job, whose ranks said all once" "0 2" \
	"$? $(berth logs "$mpi" 2>&1 | sort -u | grep -c '^hello rank [01] of 2')"
equal "MPI over all nodes, by the new programs" "ring of 4 ok: 40" \
	"$(timeout 60 "$BERTH" mpirun -n 4 -N 1 "$PROGRAMS/ring" 2>&1)"

# ---- programs that cannot run: the first node says so, the others stay
printf '#!/bin/sh\nexit 1\n' >"$WORK/inst/bin/new"
chmod 755 "$WORK/inst/bin/new"
mv "$WORK/inst/bin/berthd" "$WORK/inst/bin/berthd.good"
mv "$WORK/inst/bin/new" "$WORK/inst/bin/berthd"
out=$(timeout 60 "$BERTH" up --restart --timeout 3 2>&1)
matches "a rank that does not start stops the upgrade" \
	"^1 .*did not begin anew within 3 s" "$? $out"
equal "with the other nodes up" $((NODES - 1)) "$(berth nodes --json |
	json 'sum(n["state"] == "up" for n in d["nodes"])')"
mv "$WORK/inst/bin/berthd.good" "$WORK/inst/bin/berthd"
succeeds "with good ones its launcher brings it back" \
	within 30 nodes_up $NODES
cluster_down
finish
