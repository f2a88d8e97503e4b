EXTRA_DIST += etc/berth.pc.in
