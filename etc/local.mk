EXTRA_DIST += etc/berth.conf etc/berth.pc.in etc/packages etc/build
