EXTRA_DIST += etc/berth.pc.in etc/packages etc/build
