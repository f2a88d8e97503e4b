#!/bin/sh
# berth-sim: what it prints, the files it makes, what it says of bad input;
# where the real traces are ($BERTH_DATA or ../shared/data), a part of each.
set -u
top=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
sim=${top_builddir:-$top}/bin/berth-sim
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

fail() {
	echo "FAIL $*"
	failed=1
}

# ---- a run ----

"$sim" --check --against static --against fifo --out "$dir/out" \
	"$top/tests/sim/small.conf" >"$dir/table" 2>"$dir/err" ||
	fail "small.conf: $(cat "$dir/err")"
grep -q '^drf against static' "$dir/table" || fail "no comparison"
for f in jobs-drf.csv usage-static.csv utilisation.svg shares-drf.svg \
	slowdown.svg waiting.svg; do
	[ -s "$dir/out/$f" ] || fail "no $f"
done
n=$(wc -l <"$dir/out/jobs-drf.csv")
[ "$n" -eq 16 ] || fail "jobs-drf.csv has $n lines, 15 jobs and a head are due"

# The same seed gives the same, another one does not.
"$sim" --out "$dir/again" "$top/tests/sim/small.conf" >/dev/null
cmp -s "$dir/out/jobs-drf.csv" "$dir/again/jobs-drf.csv" ||
	fail "the same seed gives other jobs"
"$sim" --seed 6 --out "$dir/other" "$top/tests/sim/small.conf" >/dev/null
cmp -s "$dir/out/jobs-drf.csv" "$dir/other/jobs-drf.csv" &&
	fail "another seed gives the same jobs"

# ---- what must not get worse (aims and figures: doc/simulation.md) ----

# number TABLE LINE COLUMN, of the comparison
number() {
	awk -v line="$2" -v col="$3" '/against/ { on = 1 }
		on && $1 == line { print $col; exit }' "$1"
}
above() { # WHAT VALUE LEAST
	awk -v v="$2" -v least="$3" 'BEGIN { exit !(v >= least) }' ||
		fail "$1 is $2, was at least $3"
}
"$sim" --against static "$top/examples/sim/mesos-macro.conf" >"$dir/table" ||
	fail mesos-macro.conf
above "facebook over static" "$(number "$dir/table" facebook 5)" 1.1
above "large over static" "$(number "$dir/table" large 5)" 1.5
above "spark over static" "$(number "$dir/table" spark 5)" 1.26
above "mpi over static" "$(number "$dir/table" mpi 5)" 0.9
awk '/offers:/ { gsub(/[(]/, ""); if ($6 > 5) exit 1 }' "$dir/table" ||
	fail "more than 5 % of the offers are declined"
"$sim" "$top/examples/sim/locality.conf" >"$dir/table" || fail locality.conf
above "tasks near their data (%)" "$(awk '/^  search/ { sum += $11; n++ }
	END { print sum / n }' "$dir/table")" 97

# ---- bad input: one line with the place, exit status 2 ----

# refuse EXPECTED ARGUMENT...
refuse() {
	want=$1
	shift
	"$sim" "$@" >/dev/null 2>"$dir/err"
	rc=$?
	[ $rc -eq 2 ] || fail "$want: exit status $rc"
	grep -qF "$want" "$dir/err" || fail "$want: said $(cat "$dir/err")"
	[ "$(wc -l <"$dir/err")" -eq 1 ] || fail "$want: more than a line"
}

scenario() { # FORMAT MODEL FILE
	printf 'cluster = { nodes = 4; cores = 2; };\nframeworks = (\n%s\n);\n' \
		"{ name = \"a\"; model = \"$2\"; trace = { format = \"$1\"; file = \"$3\"; }; }" \
		>"$dir/s.conf"
}

printf '1 5 0 10 2 -1 -1 2 10 -1 1 1 1 -1 -1 -1 -1 -1\n2 6 0 10 9 -1 -1 9 10 -1 1 1 1 -1 -1 -1 -1 -1\n' |
	gzip >"$dir/t.swf.gz"
scenario swf mpi t.swf.gz
refuse "t.swf.gz:2: job 2 wants 9 processors" "$dir/s.conf"
printf '1 -5 0 10 2 -1 -1 2 10 -1 1 1 1 -1 -1 -1 -1 -1\n' >"$dir/t.swf"
scenario swf mpi t.swf
refuse "t.swf:1: field 2 (submission time): -5 is negative" "$dir/s.conf"
printf 'j\t1\t1\t5\n' >"$dir/t.tsv"
scenario swim hadoop t.tsv
refuse "t.tsv:1: 4 fields, 6 are needed" "$dir/s.conf"
scenario swim hadoop none.tsv
refuse "none.tsv: cannot open" "$dir/s.conf"
printf 'not packed' >"$dir/bad.gz"
scenario swf mpi bad.gz
"$sim" "$dir/s.conf" >/dev/null 2>&1
[ $? -eq 2 ] || fail "what is not packed is read"
printf 'frameworks = (\n{ name = "a"; modell = "mpi"; }\n);\n' >"$dir/s.conf"
refuse "s.conf:2" "$dir/s.conf"
refuse "no policy" --policy nothing "$top/tests/sim/small.conf"
refuse "is no number above 0" --seed x "$top/tests/sim/small.conf"
refuse "cannot open" "$dir/nowhere.conf"

# ---- a part of the real traces ----

data=${BERTH_DATA:-$top/../shared/data}
if [ -d "$data/traces" ]; then
	BERTH_DATA=$data
	export BERTH_DATA
	cat >"$dir/real.conf" <<-'EOF'
	cluster = { nodes = 100; cores = 8; memory_mib = 32768; };
	frameworks = (
	  { name = "fb09"; model = "hadoop"; memory_mib = 2048;
	    trace = { format = "swim"; jobs = 200;
	      file = "$BERTH_DATA/traces/swim/FB-2009_samples_24_times_1hr_0.tsv"; }; },
	  { name = "fb10"; model = "hadoop"; memory_mib = 2048;
	    trace = { format = "swim"; jobs = 100; block_mib = 4096.0;
	      file = "$BERTH_DATA/traces/swim/FB-2010_samples_24_times_1hr_0.tsv"; }; },
	  { name = "kth"; model = "mpi";
	    trace = { format = "swf"; jobs = 200; speed = 10.0;
	      file = "$BERTH_DATA/traces/swf/KTH-SP2-1996-2.1-cln.swf.gz"; }; },
	  { name = "nasa"; model = "mpi";
	    trace = { format = "swf"; jobs = 200; speed = 10.0;
	      file = "$BERTH_DATA/traces/swf/NASA-iPSC-1993-3.1-cln.swf.gz"; }; }
	);
	EOF
	"$sim" "$dir/real.conf" >"$dir/table" 2>"$dir/err" ||
		fail "real traces: $(cat "$dir/err")"
	grep -q 'made up' "$dir/table" || fail "it does not say what is made up"
else
	echo "SKIP the real traces: there is no $data/traces (set BERTH_DATA)"
fi
exit $failed
