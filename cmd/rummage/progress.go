package main

import (
	"fmt"
	"io"
	"syscall"
	"time"

	"rummage/scan"
)

var errClosedPipe = syscall.EPIPE

// showProgress keeps one line on a terminal until stop is called, which takes it away.
func showProgress(w io.Writer, p *scan.Progress) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	start := time.Now()
	go func() {
		defer close(ended)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		shown := false
		for {
			select {
			case <-done:
				if shown {
					fmt.Fprint(w, "\r\x1b[K")
				}
				return
			case <-tick.C:
				fmt.Fprintf(w, "\r\x1b[K%s", progressLine(p, time.Since(start)))
				shown = true
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

// progressLine says what is being done, how far it is, how fast, and how long it will still take.
func progressLine(p *scan.Progress, elapsed time.Duration) string {
	stage := "starting"
	if s := p.Stage.Load(); s != nil {
		stage = *s
	}
	n, total, bytes := p.Done.Load(), p.Total.Load(), p.Bytes.Load()
	line := fmt.Sprintf("%s  %d", stage, n)
	if total > 0 {
		unit := "objects"
		if u := p.Unit.Load(); u != nil {
			unit = *u
		}
		line = fmt.Sprintf("%s  %d of %d %s", stage, min(n, total), total, unit)
	}
	if bytes > 0 {
		line += fmt.Sprintf("  %.0f MB  %.0f MB/s", float64(bytes)/1e6, float64(bytes)/1e6/elapsed.Seconds())
	}
	if total > 0 && n > 0 && n < total && elapsed > time.Second {
		left := time.Duration(float64(elapsed) / float64(n) * float64(total-n)).Round(time.Second)
		line += fmt.Sprintf("  %s left", max(left, time.Second))
	}
	return line
}
