# summary.csv -> four charts. gnuplot -e "out='tests/bench/results'" tests/bench/charts.gp
summary = out . '/summary.csv'
# The values in COLUMN of some loads side by side, a line for each server.
side(loads, column) = sprintf("< awk -v loads='%s' -v column=%d -f tests/bench/columns.awk %s", \
	loads, column, summary)
# One server's lines of the idle load, by how many are idle.
ladder(server) = sprintf("< grep '^%s,idle,' %s | sort -t, -k3n", server, summary)

set datafile separator ','
set terminal svg size 900,480 font 'sans,13' background 'white' noenhanced
set style fill solid 0.85 noborder
set style data histogram
set style histogram clustered gap 1
set xtics rotate by -35 scale 0
set grid ytics lc 'gray'
set yrange [0:]
set format y '%.0f'

set output out . '/messages.svg'
set title 'Messages of 64 bytes per second, at 1, 64 and 1,000 connections'
set key above horizontal
set rmargin 10
messages = side('ping:1:64 ping:64:64 ping:1000:64', 6)
plot messages using 2:xtic(1) title '1', messages using 3 title '64', \
     messages using 4 title '1,000'

set output out . '/churn.svg'
set title 'Connections per second: connect, one line, close; 8 at once'
unset key
plot side('churn:8:64', 6) using 2:xtic(1)

set output out . '/memory.svg'
set title 'Memory for each idle connection, bytes (log scale)'
set logscale y
set yrange [1:]
plot side('idle:1000:64', 12) using 2:xtic(1)

set output out . '/idle.svg'
set title 'Answer time of one active client beside idle ones'
set style data linespoints
set logscale xy
set xtics norotate scale 1 autofreq
set xrange [8:25000]
set yrange [1:]
set xlabel 'idle connections'
set ylabel 'microseconds (median)'
set key inside left top
set rmargin 3
set grid xtics ytics lc 'gray'
set pointsize 0.8
plot ladder('select/server') using 3:9 title 'select' lw 2, \
     ladder('poll/server') using 3:9 title 'poll' lw 2, \
     ladder('epoll/lt_server') using 3:9 title 'epoll' lw 2
