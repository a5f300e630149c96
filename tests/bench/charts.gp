# summary.csv -> four charts. gnuplot -e "out='tests/bench/results'" tests/bench/charts.gp
# Transparent, in colours that can be read on white and on black, because pages have a dark mode.
summary = out . '/summary.csv'
# The values in COLUMN of some loads, each with half its spread, side by side; a line for each server.
side(loads, column) = sprintf("< awk -v loads='%s' -v column=%d -f tests/bench/columns.awk %s", \
	loads, column, summary)
# One server's lines of the idle load, by how many are idle.
ladder(server) = sprintf("< grep '^%s,idle,' %s | sort -t, -k3n", server, summary)

set datafile separator ','
set terminal svg size 900,480 font 'sans,13' noenhanced
set border 3 lc 'gray50'
set tics textcolor 'gray50' nomirror
set title textcolor 'gray50'
set key textcolor 'gray50'
set xlabel textcolor 'gray50'
set ylabel textcolor 'gray50'
set linetype 1 lc '#4c78c8'
set linetype 2 lc '#e07b39'
set linetype 3 lc '#3a9e6e'
set style fill solid 0.9 noborder
set style data histogram
set style histogram errorbars gap 1 lw 1.5
set errorbars lc 'gray50'
set xtics rotate by -35 scale 0
set grid ytics lc 'gray50' lw 0.4
set yrange [0:]

set output out . '/messages.svg'
set title 'Messages of 64 bytes per second; the bars show the spread of the rounds'
set ylabel 'messages per second'
set format y '%.0s%c'
set key above horizontal
set rmargin 10
messages = side('ping:1:64 ping:64:64 ping:1000:64', 6)
plot messages using 2:3:xtic(1) title '1 connection', messages using 4:5 title '64 connections', \
     messages using 6:7 title '1,000 connections'

set output out . '/churn.svg'
set title 'Connect, one line, close, eight connections at once; the bars show the spread of the rounds'
set ylabel 'connections per second'
unset key
plot side('churn:8:64', 6) using 2:3:xtic(1) title 'connections'

set style histogram clustered gap 1
set output out . '/memory.svg'
set title 'Memory of a server for each of 1,000 idle connections'
set ylabel 'memory, each line ten times the one below it'
set logscale y
set yrange [1:]
set format y '%.0s %cB'
plot side('idle:1000:64', 12) using 2:xtic(1) title 'memory'

set output out . '/idle.svg'
set title 'Answer time of one active connection beside idle ones'
set style data linespoints
set logscale xy
set xtics norotate scale 1 autofreq
set format x '%.0s%c'
set xrange [8:25000]
set format y '%.0f'
set yrange [1:]
set xlabel 'idle connections'
set ylabel 'median answer time, µs'
set key inside left top
set rmargin 3
set grid xtics ytics lc 'gray50' lw 0.4
set pointsize 0.8
set label 1 'select ends at' at 1100,75 textcolor 'gray50'
set label 2 '1,024 descriptors' at 1100,52 textcolor 'gray50'
plot ladder('select/server') using 3:9 title 'select' lw 7 lt 2, \
     ladder('poll/server') using 3:9 title 'poll' lw 2 lt 1, \
     ladder('epoll/lt_server') using 3:9 title 'epoll' lw 2 lt 3
